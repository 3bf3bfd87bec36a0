"""KIE's models as KIE describes them, asked for when an admin wants one."""

import asyncio
from difflib import get_close_matches

from providers.derived import Found
from providers.kie import Kie
from providers.schema import input_schema
from storage.kie_models import KieModel, KieModels

NEAREST = 3


class UnlistedModelError(Exception):
    """KIE does not list the model; `nearest` are those that it may be meant for."""

    def __init__(self, model: str, nearest: list[str]) -> None:
        super().__init__(model)
        self.model = model
        self.nearest = nearest


class NoSchemaError(Exception):
    """KIE lists the model and does not say what it takes."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.model = model


class Discovery:
    """Asks KIE about its models, and keeps what it says; each question waits for its turn."""

    def __init__(self, kie: Kie, kie_models: KieModels) -> None:
        self._kie = kie
        self._kie_models = kie_models

    async def names(self) -> list[str]:
        """All models that KIE lists.

        Raises:
            ProviderError: KIE did not say.
        """
        return await self._kie.models()

    async def find(self, model: str, names: list[str]) -> Found:
        """What KIE says of a model, out of all that it lists.

        Raises:
            UnlistedModelError, NoSchemaError: there is nothing to be said.
            ProviderError: KIE did not say.
        """
        if model not in names:
            raise UnlistedModelError(model, nearest_names(model, names))
        described = await describe(self._kie, model)
        if described.schema is None:
            raise NoSchemaError(model)
        await self._kie_models.put(described)
        return Found(model, described.schema, described.price)


async def describe(kie: Kie, model: str) -> KieModel:
    """What KIE says of one model now.

    Raises:
        ProviderError: KIE did not say.
    """
    document, price = await asyncio.gather(kie.schema(model), kie.price(model))
    return KieModel(model, input_schema(document), price)


def nearest_names(model: str, names: list[str]) -> list[str]:
    """Those of KIE's names that look most like one."""
    return get_close_matches(model, names, NEAREST)
