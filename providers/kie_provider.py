"""The provider of KIE's products: one task of its jobs API per item."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from providers.base import ByInput, Input, Product, TaskState
from providers.errors import InputMismatchError, RefusedError
from providers.kie import Kie
from providers.order import Order
from providers.schema import Schema, wrong_in

LEAST_FILM_PAUSE_S = 5.0  # docs.kie.ai: a film is asked about every 5 to 10 s


@dataclass(slots=True)
class Knowledge:
    """What KIE said last of its models, as far as it was asked: the schemas of their `input`, and
    those that it does not list."""

    schemas: dict[str, Schema] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)


class KieProvider:
    """Makes one product. `models` are KIE's names for it: another one takes over when there is a
    picture to start from. `known` is what KIE said last of them, and may change."""

    def __init__(
        self,
        product: Product,
        kie: Kie,
        models: ByInput,
        known: Knowledge,
        *,
        poll_interval_s: float,
        poll_timeout_s: float,
    ) -> None:
        self.name = f"{product.name} (KIE)"
        self.poll_interval_s = poll_interval_s
        least_s = LEAST_FILM_PAUSE_S if product.is_film else 0.0
        self.least_poll_pause_s = min(least_s, poll_interval_s)
        self.poll_timeout_s = poll_timeout_s
        self._product = product
        self._kie = kie
        self._models = models
        self._known = known

    async def submit(self, order: Order, *, picture_urls: Sequence[str] = ()) -> str:
        """Create one task for one item."""
        model = self._model(Input.PICTURE if picture_urls else Input.TEXT)
        if model is None:
            raise RefusedError(f"{self.name} has no model for this kind of input")
        given = self._product.input(order, picture_urls)
        schema = self._known.schemas.get(model)
        # What people may send on their own account is KIE's business: it leaves out what it lacks.
        own = order.options if self._product.open_options else {}
        ours = {name: value for name, value in given.items() if name not in own}
        if schema is not None and (wrong := wrong_in(schema, ours)):
            detail = f"{model}: {'; '.join(wrong)}"
            raise InputMismatchError(detail, detail=detail)
        return await self._kie.create_task(model, given)

    def _model(self, given: Input) -> str | None:
        """KIE's name for the model; of one that it has dropped, that of its fallback."""

        def of(models: ByInput) -> str | None:
            return models.text if given is Input.TEXT else models.picture

        model, fallback = of(self._models), of(self._product.fallback)
        if model in self._known.unlisted and model == of(self._product.models) and fallback:
            return model if fallback in self._known.unlisted else fallback
        return model

    async def check(self, task_id: str) -> TaskState:
        """Poll the task once."""
        return await self._kie.record_info(task_id)
