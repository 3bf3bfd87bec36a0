"""Pictures that people sent and that no job has yet: held for words, or items of an album."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.database import Database

HELD_FOR_S = 600.0


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

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def hold(self, user_id: int, file_id: str, *, message_id: int | None = None) -> None:
        """Remember a picture for the person's next words, in place of an earlier one.

        `message_id` is the message that brought it: one that comes again, or comes late, holds
        nothing, even if its picture was used meanwhile. None: a button asked for it.
        """
        await self._database.execute(
            "INSERT INTO held_pictures (user_id, file_id, received_at, message_id)"
            " VALUES (:user_id, :file_id, :now, coalesce(:message_id, 0))"
            " ON CONFLICT DO UPDATE SET file_id = excluded.file_id, used = 0,"
            " received_at = excluded.received_at,"
            " message_id = max(message_id, excluded.message_id)"
            " WHERE :message_id IS NULL OR excluded.message_id > message_id",
            {
                "user_id": user_id,
                "file_id": file_id,
                "now": self._now(),
                "message_id": message_id,
            },
        )

    async def held(self, user_id: int) -> str | None:
        """The picture that the person's next words are for, if it is not too old."""
        now = self._now()
        row = await self._database.fetch_one(
            # On both sides of now: the clock may have been put back since.
            "SELECT file_id FROM held_pictures WHERE user_id = ? AND NOT used"
            " AND received_at BETWEEN ? AND ?",
            (user_id, now - HELD_FOR_S, now + HELD_FOR_S),
        )
        return str(row["file_id"]) if row else None

    async def add_album_item(self, item: AlbumItem) -> None:
        """Keep an item until its album is whole; safe to repeat."""
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
        """Albums that were begun: (chat_id, media_group_id)."""
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
        """These were dealt with; one that came later stays."""

        def work(tx: sqlite3.Connection) -> None:
            tx.executemany(
                "DELETE FROM album_items WHERE chat_id = ? AND message_id = ?",
                [(item.chat_id, item.message_id) for item in items],
            )

        await self._database.write(work)


def use_held(tx: sqlite3.Connection, user_id: int, file_id: str) -> None:
    """A job has the picture now: forget it, in the transaction that makes the job."""
    tx.execute(
        "UPDATE held_pictures SET used = 1 WHERE user_id = ? AND file_id = ?", (user_id, file_id)
    )
