"""What is on sale, compared with what KIE says of it: at the start, once a day, and by the doctor.

KIE renames models and fields, changes lists of values and prices, and tells nobody.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, replace

from bot.admin.alerts import Alerts
from bot.admin.discovery import describe, nearest_names
from bot.admin.kie_account import ADDED, models_of
from bot.settings import Settings
from bot.tools.clock import CLOCK, Clock
from providers.base import ByInput, Input, Product
from providers.differences import Difference, DifferenceKind, differences
from providers.errors import ProviderError
from providers.kie import Kie
from storage.catalogue import Catalogue, Model
from storage.errors import StorageError
from storage.kie_models import KieModel, KieModels

COMPARISON_PAUSES_S = (10.0, 86_400.0)  # before the first, and between them
AGAIN_PAUSE_S = 3_600.0  # where KIE did not say, or what it says stops orders

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Compared:
    """A row as KIE sees it now."""

    differences: tuple[Difference, ...]
    described: tuple[KieModel, ...]


async def compare(
    row: Model, models: ByInput, kie: Kie, names: list[str], before: Mapping[str, KieModel]
) -> Compared:
    """Compare one row. `names` are those that KIE lists, `before` what it said earlier.

    Raises:
        ProviderError: KIE did not say.
    """
    told: list[Difference] = []
    described: dict[str, KieModel] = {}
    product = row.product
    for given, model, fallback in _ways(product, models):
        used = model
        if model not in names:
            described[model] = _unlisted(model, before)
            if fallback not in names:
                if fallback is not None:
                    described[fallback] = _unlisted(fallback, before)
                near = tuple(nearest_names(model, names))
                told.append(Difference(DifferenceKind.UNLISTED, row.slug, model, near))
                continue
            assert fallback is not None  # noqa: S101 - it is listed
            used = fallback
            told.append(Difference(DifferenceKind.FALLBACK, row.slug, model, (used,)))
        if used not in described:
            now = described[used] = await describe(kie, used)
            if used in before and before[used].price != now.price:
                texts = (before[used].price, now.price)
                told.append(Difference(DifferenceKind.PRICE, row.slug, used, texts))
        if schema := described[used].schema:
            found = differences(product, given, schema, row.options)
            told += [Difference(kind, row.slug, used, said) for kind, said in found]
    return Compared(tuple(dict.fromkeys(told)), tuple(described.values()))


def _unlisted(model: str, before: Mapping[str, KieModel]) -> KieModel:
    return replace(before.get(model, KieModel(model, None, "")), listed=False)


def _ways(product: Product, models: ByInput) -> Iterator[tuple[Input, str, str | None]]:
    """The models in use, each with the one that takes its place where KIE drops it."""
    sides = zip(
        Input, astuple(models), astuple(product.models), astuple(product.fallback), strict=True
    )
    for given, model, declared, fallback in sides:
        if model is not None:
            yield given, model, fallback if model == declared else None


class KieWatch:
    """Compares all that is on sale, and tells the admins of each difference once."""

    def __init__(
        self,
        settings: Settings,
        kie: Mapping[str, Kie],
        catalogue: Catalogue,
        kie_models: KieModels,
        alerts: Alerts,
        *,
        pauses_s: tuple[float, float] = COMPARISON_PAUSES_S,
        clock: Clock = CLOCK,
    ) -> None:
        self._settings = settings
        self._kie = kie
        self._catalogue = catalogue
        self._kie_models = kie_models
        self._alerts = alerts
        self._pauses_s = pauses_s
        self._clock = clock

    async def run(self) -> None:
        """Look soon after the start, and then once a day."""
        pause_s, between_s = self._pauses_s
        while True:
            await self._clock.sleep(pause_s)
            pause_s = between_s
            try:
                if not await self.look():
                    pause_s = min(between_s, AGAIN_PAUSE_S)
            except StorageError as error:
                logger.warning("what is on sale was not compared with KIE: %s", error)
                pause_s = min(between_s, AGAIN_PAUSE_S)
            except Exception:  # nothing waits for this, and tomorrow is another day
                logger.exception("what is on sale was not compared with KIE")

    async def look(self) -> bool:
        """Compare it now; False: KIE did not answer about all of it, or some of what is on sale
        cannot be sent until it says otherwise.

        Raises:
            StorageError: the database did not.
        """
        before = {each.model: each for each in await self._kie_models.all()}
        lists: dict[Kie, list[str]] = {}
        silent: set[Kie] = set()
        found: list[Difference] = []
        described: list[KieModel] = []
        rows = [each for each in await self._catalogue.all() if each.enabled]
        answered = 0
        for row in rows:
            kie = self._kie.get(row.provider) or self._kie[ADDED]
            if kie in silent:
                continue
            try:
                if kie not in lists:
                    lists[kie] = await kie.models()
                models = models_of(self._settings, row.product)
                compared = await compare(row, models, kie, lists[kie], before)
            except ProviderError as error:
                logger.warning("%s was not compared with KIE: %s", row.slug, error)
                if kie not in lists:
                    silent.add(kie)
                continue
            answered += 1
            found += compared.differences
            described += compared.described
        whole = answered == len(rows)
        new = await self._kie_models.differ([repr(each) for each in found], whole=whole)
        if told := [each for each in found if repr(each) in new]:
            self._alerts.kie_differs(told)
        await self._kie_models.put(*described)
        return whole and all(each.kind is not DifferenceKind.NOT_TAKEN for each in found)
