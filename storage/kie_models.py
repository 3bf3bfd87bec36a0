"""What KIE said of its models when it was last asked: the table `kie_models`."""

import json
import sqlite3
from dataclasses import dataclass

from providers.schema import Schema
from storage.database import Database


@dataclass(frozen=True, slots=True)
class KieModel:
    """A model as KIE described it; `schema` is that of its `input`, None: it has none."""

    model: str
    schema: Schema | None
    price: str


class KieModels:
    """Keeps the descriptions. `schemas` are those that inputs are checked against, by model."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.schemas: dict[str, Schema] = {}

    async def load(self) -> None:
        """Take up what was kept."""
        for known in await self.all():
            self._know(known)

    async def all(self) -> list[KieModel]:
        """All that was ever described."""
        rows = await self._database.fetch_all("SELECT * FROM kie_models ORDER BY model")
        return [
            KieModel(row["model"], json.loads(row["schema"] or "null"), row["price"])
            for row in rows
        ]

    async def put(self, *described: KieModel) -> None:
        """Keep what KIE says now."""
        rows = [
            (each.model, json.dumps(each.schema) if each.schema else None, each.price)
            for each in described
        ]

        def work(tx: sqlite3.Connection) -> None:
            tx.executemany("INSERT OR REPLACE INTO kie_models VALUES (?, ?, ?)", rows)

        await self._database.write(work)
        for each in described:
            self._know(each)

    def _know(self, described: KieModel) -> None:
        if described.schema is None:
            self.schemas.pop(described.model, None)
        else:
            self.schemas[described.model] = described.schema
