"""The emulator itself: the project's storage, its keys, and what was asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable

from aiohttp import web

from . import buckets, calls, objects
from .faults import Faults
from .keys import Keys
from .state import Bucket, Call, Clock, StoredObject

JWT_SECRET = "super-secret-jwt-token-with-at-least-32-characters"  # noqa: S105 - of the emulator
MAX_REQUEST_BYTES = 110 * 2**20
KEPT_CALLS = 50_000


class SupabaseEmulator(Faults):
    """Supabase Storage on a loopback port, and its strictness.

    `buckets` and `objects` are what is stored and may be changed by hand; `calls` are in the
    order of arrival. `file_size_limit`, in bytes, is the server's. The faults are in `Faults`.
    Signed URLs, copying and moving are not played: HTTP 501.
    """

    def __init__(self, keys: Keys, clock: Clock) -> None:
        super().__init__()
        self.keys = keys
        self.clock = clock
        self.url = ""
        self.file_size_limit = 50 * 2**20
        self.buckets: dict[str, Bucket] = {}
        self.objects: dict[tuple[str, str], StoredObject] = {}
        self.calls: list[Call] = []
        self.closing = asyncio.Event()
        self._changed = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        port: int = 0,
        service_key: str | None = None,
        anon_key: str | None = None,
        *,
        clock: Clock = time.time,
    ) -> AsyncGenerator[SupabaseEmulator]:
        """A running emulator on 127.0.0.1; port 0 takes a free one, `url` tells which.

        Without keys it makes JWTs. Keys of one's own are `sb_secret_...` and
        `sb_publishable_...`; ValueError for any others, which no project would have.
        """
        supabase = cls(Keys(JWT_SECRET, clock, service_key, anon_key), clock)
        app = web.Application(
            middlewares=[calls.recorder(supabase)], client_max_size=MAX_REQUEST_BYTES
        )
        for subject in (buckets, objects):
            app.add_routes(subject.routes(supabase))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            supabase.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield supabase
        finally:
            supabase.closing.set()
            await runner.cleanup()

    @property
    def service_key(self) -> str:
        """The key that may do everything."""
        return self.keys.service

    @property
    def anon_key(self) -> str:
        """The key for browsers: with no policies written it sees nothing and may do nothing."""
        return self.keys.anon

    def add_bucket(
        self,
        name: str,
        public: bool = True,
        file_size_limit: int | None = None,
        allowed_mime_types: list[str] | None = None,
    ) -> Bucket:
        """A new bucket, or a new one in place of the old, whose objects stay."""
        if buckets.bad_name(name):
            raise ValueError(f"no name for a bucket: {name!r}")
        now = self.clock()
        bucket = Bucket(name, public, file_size_limit, allowed_mime_types, now, now)
        self.buckets[name] = bucket
        return bucket

    async def wait_for(self, predicate: Callable[[], object], timeout_s: float = 60) -> None:
        """Return once `predicate()` holds; it is asked after every call.

        Raises TimeoutError, telling what was there instead.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not predicate():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            last = [f"{call.name or call.path} {call.status} {call.code}" for call in self.calls]
            raise TimeoutError(f"not in {timeout_s} s; last calls {last[-5:]}") from None

    def note(self, call: Call) -> None:
        self.calls.append(call)
        if len(self.calls) > KEPT_CALLS:
            del self.calls[: KEPT_CALLS // 2]
        self.changed()

    def changed(self) -> None:
        """Let those who wait look again."""
        self._changed.set()
