"""What KIE said of its models when it was last asked: `kie_models` and `kie_differences`."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from providers.kie_provider import Knowledge
from providers.schema import Schema
from storage.database import Database


@dataclass(frozen=True, slots=True)
class KieModel:
    """A model as KIE described it; `schema` is that of its `input`, None: it has none."""

    model: str
    schema: Schema | None
    price: str
    listed: bool = True


class KieModels:
    """Keeps the descriptions. `known` is what the providers go by, and always the latest."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.known = Knowledge()

    async def load(self) -> None:
        """Take up what was kept."""
        for each in await self.all():
            self._know(each)

    async def all(self) -> list[KieModel]:
        """All that was ever described."""
        rows = await self._database.fetch_all("SELECT * FROM kie_models ORDER BY model")
        return [
            KieModel(
                row["model"],
                json.loads(row["schema"] or "null"),
                row["price"],
                bool(row["listed"]),
            )
            for row in rows
        ]

    async def put(self, *described: KieModel) -> None:
        """Keep what KIE says now."""
        rows = [
            (each.model, json.dumps(each.schema) if each.schema else None, each.price, each.listed)
            for each in described
        ]

        def work(tx: sqlite3.Connection) -> None:
            tx.executemany(
                "INSERT OR REPLACE INTO kie_models (model, schema, price, listed)"
                " VALUES (?, ?, ?, ?)",
                rows,
            )

        await self._database.write(work)
        for each in described:
            self._know(each)

    async def differ(self, differences: Collection[str], *, whole: bool = True) -> set[str]:
        """Keep which differences there are now, and return those that there were not before. Where
        they are not the `whole`, what was kept before may hold as well."""

        def work(tx: sqlite3.Connection) -> set[str]:
            before = {row["difference"] for row in tx.execute("SELECT * FROM kie_differences")}
            if whole:
                tx.execute("DELETE FROM kie_differences")
            tx.executemany(
                "INSERT OR IGNORE INTO kie_differences VALUES (?)",
                [(each,) for each in {*differences}],
            )
            return {*differences} - before

        return await self._database.write(work)

    def _know(self, described: KieModel) -> None:
        self.known.schemas.pop(described.model, None)
        if described.schema is not None:
            self.known.schemas[described.model] = described.schema
        self.known.unlisted.discard(described.model)
        if not described.listed:
            self.known.unlisted.add(described.model)
