"""Input pictures that no job has yet: held until a prompt comes, or items of an album."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, fetch_one
from storage.order_rows import inputs_in, inputs_row

HELD_FOR_S = 600.0


@dataclass(frozen=True, slots=True)
class Held:
    """A picture, or those of an album, held until its person's prompt comes."""

    inputs: tuple[str, ...]  # as an order has them
    held_by: int  # the message that brought it, or, below 0, the press that took it
    left_s: float  # until it is forgotten


@dataclass(frozen=True, slots=True)
class AlbumItem:
    """One message of an album. `file_id` is None where it is no picture that can be used."""

    chat_id: int
    message_id: int
    media_group_id: str
    user_id: int
    file_id: str | None
    caption: str
    language: str
    received_at: float  # by Telegram, Unix seconds


class Inputs:
    """The tables `held_pictures` and `album_items`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, user_id: int, inputs: Sequence[str], held_by: int) -> bool:
        """Remember pictures for the person's next request, in place of an earlier one.

        `held_by` is the message that brought the last of them, or a press
        (`storage.jobs.press_key`). One that comes again, or comes late, holds nothing, even if its
        picture was used meanwhile. Returns whether they wait.
        """

        def work(tx: sqlite3.Connection) -> bool:
            tx.execute(
                "INSERT INTO held_pictures (user_id, file_id, more_inputs, received_at, message_id,"
                " held_by) VALUES (:user_id, :input_file_id, :more_inputs, :now, max(:held_by, 0),"
                " :held_by) ON CONFLICT DO UPDATE SET file_id = excluded.file_id, used = 0,"
                " more_inputs = excluded.more_inputs, received_at = excluded.received_at,"
                " held_by = excluded.held_by, message_id = max(message_id, excluded.message_id)"
                " WHERE excluded.held_by > message_id"
                " OR (excluded.held_by < 0 AND excluded.held_by <> held_by)",
                {
                    "user_id": user_id,
                    **inputs_row(inputs),
                    "now": self._database.now(),
                    "held_by": held_by,
                },
            )
            return self._waiting(tx, user_id, held_by) is not None

        return await self._database.write(work)

    async def held(self, user_id: int) -> Held | None:
        """What the person's next request is for, if it is not too old."""
        now = self._database.now()
        row = await self._database.fetch_one(WAITING, (user_id, now, HELD_FOR_S, None))
        if row is None:
            return None
        left_s = min(row["received_at"] + HELD_FOR_S - now, HELD_FOR_S)
        return Held(inputs_in(row, "file_id"), row["held_by"], left_s)

    async def drop(self, user_id: int, held_by: int | None = None) -> int:
        """Do not use what waits, or only what was held so, and say how many pictures that were."""

        def work(tx: sqlite3.Connection) -> int:
            row = self._waiting(tx, user_id, held_by)
            if row is None:
                return 0
            forget_held(tx, user_id)
            return len(inputs_in(row, "file_id"))

        return await self._database.write(work)

    def _waiting(
        self, tx: sqlite3.Connection, user_id: int, held_by: int | None
    ) -> sqlite3.Row | None:
        return fetch_one(tx, WAITING, (user_id, self._database.now(), HELD_FOR_S, held_by))

    async def add_album_item(self, item: AlbumItem) -> None:
        """Keep an item until its album is complete; safe to repeat."""
        await self._database.execute(
            "INSERT INTO album_items (chat_id, message_id, media_group_id, user_id, file_id,"
            " caption, language, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (
                item.chat_id,
                item.message_id,
                item.media_group_id,
                item.user_id,
                item.file_id,
                item.caption,
                item.language,
                item.received_at,
            ),
        )

    async def albums(self) -> list[tuple[int, str]]:
        """Incomplete albums: (chat_id, media_group_id)."""
        rows = await self._database.fetch_all(
            "SELECT DISTINCT chat_id, media_group_id FROM album_items ORDER BY message_id"
        )
        return [(row["chat_id"], row["media_group_id"]) for row in rows]

    async def album(self, chat_id: int, media_group_id: str) -> Sequence[AlbumItem]:
        """The items of an album that have come so far, in the order of their messages."""
        rows = await self._database.fetch_all(
            "SELECT chat_id, message_id, media_group_id, user_id, file_id, caption, language,"
            " received_at FROM album_items WHERE chat_id = ? AND media_group_id = ?"
            " ORDER BY message_id",
            (chat_id, media_group_id),
        )
        return [AlbumItem(**dict(row)) for row in rows]

    async def drop_album(self, items: Sequence[AlbumItem]) -> None:
        """Delete these items, which were handled; one that came later stays."""

        def work(tx: sqlite3.Connection) -> None:
            tx.executemany(
                "DELETE FROM album_items WHERE chat_id = ? AND message_id = ?",
                [(item.chat_id, item.message_id) for item in items],
            )

        await self._database.write(work)


WAITING = (
    "SELECT * FROM held_pictures WHERE user_id = ?1 AND NOT used"
    # On both sides of now: the clock may have been put back since.
    " AND received_at BETWEEN ?2 - ?3 AND ?2 + ?3 AND (?4 IS NULL OR held_by = ?4)"
)


def forget_held(tx: sqlite3.Connection, user_id: int, file_id: str | None = None) -> None:
    """The person's next request has come, with the picture or without it: it waits no longer. In
    the transaction that takes the request. With `file_id` only where it is this one."""
    tx.execute(
        "UPDATE held_pictures SET used = 1 WHERE user_id = ?1 AND NOT used"
        " AND (?2 IS NULL OR file_id = ?2)",
        (user_id, file_id),
    )
