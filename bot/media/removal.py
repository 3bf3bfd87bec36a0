"""Removing the files of people who are forgotten: from the disk, and from the buckets."""

import asyncio
from collections.abc import Sequence

from bot.media.outbox import FIRST_PAUSE_S, Outbox
from storage.announcements import Announcement, Forgotten
from storage.files import DiskFiles
from storage.forgetting import Doomed, Forgetting
from storage.supabase import SupabaseStorage


class Remover(Outbox[Doomed]):
    """Tries until a file is gone."""

    def __init__(
        self,
        forgetting: Forgetting,
        files: DiskFiles,
        supabase: SupabaseStorage | None,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        super().__init__(first_pause_s=first_pause_s)
        self._forgetting = forgetting
        self._files = files
        self._supabase = supabase

    def hear(self, news: Announcement) -> None:
        """There is more to do when a person was forgotten."""
        if isinstance(news, Forgotten):
            self.wake()

    async def _due(self, limit: int) -> Sequence[Doomed]:
        return await self._forgetting.due(limit)

    async def _due_in_s(self) -> float | None:
        return await self._forgetting.due_in_s()

    async def _do(self, row: Doomed) -> None:
        if not row.place:
            await asyncio.to_thread(self._files.remove, row.file_key)
        elif self._supabase is not None:
            await self._supabase.remove(row.place, row.file_key)
        else:
            raise OSError("Supabase is not set up any more")
        await self._forgetting.removed(row)

    async def _put_off(self, row: Doomed, pause_s: float) -> None:
        await self._forgetting.remove_later(row, pause_s)

    def _describe(self, row: Doomed) -> tuple[str, int]:
        return "a file to be removed", row.attempts
