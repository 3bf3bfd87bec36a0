"""Packs of tokens: what is sold, and for how many Stars."""

import sqlite3
from dataclasses import dataclass

from storage.database import Database, fetch_one
from storage.errors import PackUnavailableError
from storage.journal import Act, Entry, record, recorded

PACK, PACK_ENABLED = "pack", "pack enabled"  # the journal's words
PACKS = "SELECT slug, stars, tokens, bonus, enabled FROM packs"


@dataclass(frozen=True, slots=True)
class Pack:
    """So many tokens, and some on top, for so many Stars."""

    slug: str
    stars: int
    tokens: int
    bonus: int
    enabled: bool

    @property
    def total(self) -> int:
        """Tokens that the buyer gets."""
        return self.tokens + self.bonus


class Packs:
    """The table `packs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Pack]:
        """Every pack, on sale or not, in the order of display."""
        rows = await self._database.fetch_all(f"{PACKS} ORDER BY position, slug")
        return [_pack(row) for row in rows]

    async def on_sale(self) -> list[Pack]:
        """The packs that can be bought now."""
        return [pack for pack in await self.all() if pack.enabled]

    async def get(self, slug: str) -> Pack | None:
        """One pack, on sale or not."""
        return await self._database.read(lambda connection: pack_in(connection, slug))

    async def set(self, slug: str, stars: int, tokens: int, bonus: int, act: Act) -> Entry:
        """Set what a pack holds and costs, once for each act; a new one is on sale, and the last.
        Offers that were made stay as they are."""

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            pack = pack_in(tx, slug)
            tx.execute(
                "INSERT INTO packs (slug, stars, tokens, bonus, position)"
                " VALUES (?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM packs))"
                " ON CONFLICT DO UPDATE SET stars = excluded.stars, tokens = excluded.tokens,"
                " bonus = excluded.bonus",
                (slug, stars, tokens, bonus),
            )
            return record(
                tx,
                act,
                PACK,
                subject=slug,
                before=f"{pack.stars} {pack.tokens} {pack.bonus}" if pack else "",
                after=f"{stars} {tokens} {bonus}",
                now=self._database.now(),
            )

        return await self._database.write(work)

    async def set_enabled(self, slug: str, act: Act, *, enabled: bool) -> Entry:
        """Put a pack on sale, or take it off; once for each act.

        Raises:
            PackUnavailableError: there is no such pack.
        """

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            pack = pack_in(tx, slug)
            if pack is None:
                raise PackUnavailableError(slug)
            tx.execute("UPDATE packs SET enabled = ? WHERE slug = ?", (enabled, slug))
            return record(
                tx,
                act,
                PACK_ENABLED,
                subject=slug,
                before=str(int(pack.enabled)),
                after=str(int(enabled)),
                now=self._database.now(),
            )

        return await self._database.write(work)


def pack_in(tx: sqlite3.Connection, slug: str) -> Pack | None:
    """A pack as this transaction sees it."""
    row = fetch_one(tx, f"{PACKS} WHERE slug = ?", (slug,))
    return _pack(row) if row else None


def _pack(row: sqlite3.Row) -> Pack:
    return Pack(**{**dict(row), "enabled": bool(row["enabled"])})
