"""The provider of KIE's products: one task of its jobs API per item."""

from collections.abc import Mapping, Sequence

from providers.base import ByInput, Product, TaskState
from providers.errors import InputMismatchError, RefusedError
from providers.kie import Kie
from providers.order import Order
from providers.schema import Schema, wrong_in

LEAST_FILM_PAUSE_S = 5.0  # docs.kie.ai: a film is asked about every 5 to 10 s


class KieProvider:
    """Makes one product. `models` are KIE's names for it: another one takes over when there is a
    picture to start from. `schemas` are what KIE said last of their input, if it did."""

    def __init__(
        self,
        product: Product,
        kie: Kie,
        models: ByInput,
        schemas: Mapping[str, Schema],
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
        self._schemas = schemas

    async def submit(self, order: Order, *, picture_urls: Sequence[str] = ()) -> str:
        """Create one task for one item."""
        model = self._models.picture if picture_urls else self._models.text
        if model is None:
            raise RefusedError(f"{self.name} has no model for this kind of input")
        given = self._product.input(order, picture_urls)
        schema = self._schemas.get(model)
        if schema is not None and (wrong := wrong_in(schema, given)):
            detail = f"{model}: {'; '.join(wrong)}"
            raise InputMismatchError(detail, detail=detail)
        return await self._kie.create_task(model, given)

    async def check(self, task_id: str) -> TaskState:
        """Poll the task once."""
        return await self._kie.record_info(task_id)
