"""The simulator itself: it makes tasks, keeps the account, and knows what happened."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from . import calls, control, jobs, results, uploads
from .callbacks import Sent, deliver
from .models import makes_film
from .pictures import Pictures, SourceError, fetch_source
from .state import Call, Clock, Failure, Result, Task, Window
from .switches import Switches

MAX_REQUEST_BYTES = 110 * 2**20
KEPT_CALLS = 50_000
LINK_LIVES_S = 20 * 60


class KieSimulator(Switches):
    """KIE's jobs API, upload host and result host on one loopback port, and their strictness.

    Every switch of `Switches` may be set while it runs. `tasks` and `calls` are in the order of
    creation and arrival, `sent` holds the callbacks; times are Unix seconds of `clock`.
    """

    def __init__(self, key: str, clock: Clock, session: aiohttp.ClientSession) -> None:
        super().__init__()
        self.key = key
        self.clock = clock
        self.session = session
        self.url = ""
        self.tasks: list[Task] = []
        self.calls: list[Call] = []
        self.sent: list[Sent] = []
        self.uploads = uploads.Store(clock)
        self.pictures = Pictures()
        self.creates = Window()
        self.polls = Window()
        self.closing = asyncio.Event()
        self._by_id: dict[str, Task] = {}
        self._by_path: dict[str, Task] = {}
        self._links: dict[str, tuple[Task, float]] = {}
        self._changed = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._errors: list[Exception] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, key: str = "kie-test-key", port: int = 0, clock: Clock = time.time
    ) -> AsyncGenerator[KieSimulator]:
        """A running simulator on 127.0.0.1; port 0 takes a free one, `url` tells which."""
        # No cookie of one callback's receiver shall reach another.
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            kie = cls(key, clock, session)
            app = web.Application(
                middlewares=[calls.recorder(kie)], client_max_size=MAX_REQUEST_BYTES
            )
            for subject in (jobs, uploads, results, control):
                app.add_routes(subject.routes(kie))
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", port).start()
                kie.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                yield kie
            finally:
                await kie._stop()
                await runner.cleanup()
        if kie._errors:
            raise ExceptionGroup("the simulator itself failed", kie._errors)

    async def wait_for(self, predicate: Callable[[], object], timeout_s: float = 60) -> None:
        """Return once `predicate()` holds; it is asked after every call and change of a task.

        Raises TimeoutError, telling what was there instead.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not predicate():
                    self._changed.clear()
                    # Time alone moves a task on too, and rings no bell.
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), 0.02)
        except TimeoutError:
            states = [task.state for task in self.tasks]
            last = [f"{call.name or call.path} {call.code}" for call in self.calls[-5:]]
            raise TimeoutError(f"not in {timeout_s} s; tasks {states}, last calls {last}") from None

    def create(self, model: str, given: dict[str, Any], callback_url: str | None = None) -> Task:
        """A new task, paid for and under way."""
        now = self.clock()
        failure = self.take_failure()
        task = Task(
            task_id=uuid.uuid4().hex,
            model=model,
            input=given,
            callback_url=callback_url,
            created_at=now,
            ready_at=now,
            phases=tuple((s, 1.0) if isinstance(s, str) else s for s in self.states),
            result=self.take_result() if failure is None else Result(),
            fail=failure,
            credits=self.credits_per_task,
            clock=self.clock,
            fetching=failure is None and "image_url" in given,
        )
        seconds = self.task_seconds(task) if callable(self.task_seconds) else self.task_seconds
        task.ready_at = now + seconds
        self._place(task)
        self.credits -= task.credits
        self.tasks.append(task)
        self._by_id[task.task_id] = task
        self._spawn(self._follow(task))
        self.changed()
        return task

    def find(self, task_id: str) -> Task | None:
        return self._by_id.get(task_id)

    def finish(self, task: Task) -> None:
        """End a task now, however long it was to take."""
        task.ready_at = min(task.ready_at, self.clock())
        task.woken.set()

    def move_result(self, task: Task) -> None:
        """Give a task's result a new address; at the one it had there is nothing any more."""
        old = [path for path, owner in self._by_path.items() if owner is task]
        self._place(task)
        for path in old:
            del self._by_path[path]

    def _place(self, task: Task) -> None:
        kind, suffix = ("k", "mp4") if makes_film(task.model) else ("r", "png")
        path = ""
        while not path or path in self._by_path:
            number = random.randrange(1000, 10_000)  # noqa: S311 - a file name, no secret
            path = f"/{kind}/{task.task_id}_1_{int(self.clock())}_{number}.{suffix}"
        self._by_path[path] = task
        urls = task.result.urls
        task.result_urls = [self.url + path] if urls is None else list(urls)

    def tick(self) -> None:
        """Let all tasks look at the clock: for a clock set by hand, after it was set."""
        for task in self.tasks:
            task.woken.set()
        self.changed()

    def result_at(self, path: str) -> Task | None:
        """The task whose result lives at this path of the result host, if it still does."""
        task = self._by_path.get(path)
        if task is None or task.state != "success":
            return None
        return task if self.clock() - task.ready_at < self.results_live_s else None

    def path_of(self, url: str) -> str | None:
        """The path of an address of this very server; None for any other address."""
        try:
            parsed = URL(url)
            return parsed.path if parsed.origin() == URL(self.url).origin() else None
        except ValueError:
            return None

    def link(self, task: Task) -> str:
        """A second address of a task's result, good for 20 minutes."""
        path = f"/d/{uuid.uuid4().hex}"
        self._links[path] = (task, self.clock() + LINK_LIVES_S)
        return self.url + path

    def linked(self, path: str) -> Task | None:
        task, until = self._links.get(path, (None, 0.0))
        return task if self.clock() < until else None

    def note(self, call: Call) -> None:
        self.calls.append(call)
        if len(self.calls) > KEPT_CALLS:
            del self.calls[: KEPT_CALLS // 2]

    def changed(self) -> None:
        """Let those who wait look again."""
        self._changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        running = asyncio.create_task(work)
        self._running.add(running)
        running.add_done_callback(self._finished)

    def _finished(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        error = None if running.cancelled() else running.exception()
        if isinstance(error, Exception):
            self._errors.append(error)

    async def _stop(self) -> None:
        self.closing.set()
        running = list(self._running)
        for work in running:
            work.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.pictures.close()

    async def _follow(self, task: Task) -> None:
        """See a task through: its source picture, its end, its refund, its callback."""
        if task.fetching:
            try:
                task.source = await fetch_source(self, str(task.input["image_url"]))
            except SourceError as error:
                task.fail = Failure("422", str(error))
            task.fetching = False
            task.ready_at = max(task.ready_at, self.clock())
        while not task.done:
            left = min(max(task.ready_at - self.clock(), 0.001), 3600.0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(task.woken.wait(), left)
            task.woken.clear()
        if task.fail is not None and self.refund_failed:
            self.credits += task.credits
        self.changed()
        if task.callback_url is not None:
            await deliver(self, task)
