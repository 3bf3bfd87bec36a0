"""An account at KIE: its tasks, credits and files, and how they change over time."""

from __future__ import annotations

import asyncio
import math
import mimetypes
import secrets
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
from yarl import URL

from bot.demo.base import Call, Clock, is_loopback

from .callbacks import Sent, deliver
from .pictures import PNG_SIGNATURE, draw, made, suffix_of, wrong_with
from .state import Failure, Result, Task, Upload, Window
from .switches import Switches

FILES = "/kieai/000000/"
KEPT_PICTURES = 64
KEPT_UPLOAD_BYTES = 300 * 2**20
LINK_LIVES_S = 20 * 60
# What the documentation of the url upload gives a download.
FETCH_TIMEOUT_S = 30.0


class Account(Switches):
    """What the API, the upload host and the result host know.

    `tasks` are in the order of creation, `sent` holds the callbacks; times are Unix seconds of
    `clock`. `paint` draws a task's picture.
    """

    calls: list[Call]

    def __init__(self, key: str, clock: Clock, session: aiohttp.ClientSession) -> None:
        super().__init__(clock)
        self.key = key
        self.paint: Callable[[Task], bytes] = draw
        self.tasks: list[Task] = []
        self.sent: list[Sent] = []
        self.creates = Window()
        self.polls = Window()
        self.discoveries = Window()
        self._session = session
        self._by_id: dict[str, Task] = {}
        self._by_path: dict[str, tuple[Task, int]] = {}
        self._links: dict[str, tuple[str, float]] = {}
        self._drawn: dict[str, asyncio.Task[bytes]] = {}
        self._uploads: dict[str, Upload] = {}
        self._following: list[asyncio.Task[None]] = []

    # --- Tasks

    def create(self, model: str, given: dict[str, Any], callback_url: str | None = None) -> Task:
        """A new task, paid for and under way."""
        now, known = self.clock(), self.model_of(model)
        failure = self.take("failure")
        task = Task(
            task_id=uuid.uuid4().hex,
            model=model,
            input=given,
            filled=known.filled(given),
            callback_url=callback_url,
            created_at=now,
            ready_at=now,
            phases=tuple(self.states),
            result=(None if failure else self.take("result")) or Result(),
            fail=failure,
            credits=known.cost(given),
            clock=self.clock,
            fetching=failure is None and bool(known.pictures(given)),
        )
        seconds = self.task_seconds(task) if callable(self.task_seconds) else self.task_seconds
        task.ready_at = now + seconds
        self._place(task)
        self.credits -= task.credits
        self.tasks.append(task)
        self._by_id[task.task_id] = task
        self._following.append(asyncio.create_task(self._follow(task)))
        self.changed()
        return task

    def find(self, task_id: str) -> Task | None:
        return self._by_id.get(task_id)

    def finish(self, task: Task) -> None:
        """End a task now, however long it was to take."""
        task.ready_at = min(task.ready_at, self.clock())
        task.woken.set()

    async def _follow(self, task: Task) -> None:
        """See a task through: its source pictures, its end, its refund, its callback."""
        if task.fetching:
            model = self.model_of(task.model)
            for each in reversed(model.pictures(task.input)):  # the first is what it starts from
                task.source = await self.fetch(each, model.picture_mb * 2**20)
                if wrong := wrong_with(task.source, model):
                    task.fail = Failure("422", wrong)
            task.fetching = False
        while not task.done:
            left = min(max(task.ready_at - self.clock(), 0.001), 3600.0)
            with suppress(TimeoutError):
                await asyncio.wait_for(task.woken.wait(), left)
            task.woken.clear()
        if task.fail is not None:
            self.credits += task.credits
        self.changed()
        url = task.callback_url
        if url is not None and _stays_here(self.callbacks.on_this_machine(url)):
            async for sent in deliver(self._session, self.callbacks, task, url):
                self.sent.append(sent)
                self.changed()

    async def close(self) -> None:
        for work in self._following:
            work.cancel()
        # A thread that draws cannot be stopped.
        ends = await asyncio.gather(*self._following, *self._drawn.values(), return_exceptions=True)
        if errors := [each for each in ends if isinstance(each, Exception)]:
            raise ExceptionGroup("the simulator itself failed", errors)

    # --- Results

    def _place(self, task: Task) -> None:
        model = self.model_of(task.model)
        kind, suffix = ("k", "mp4") if model.makes_film else ("r", suffix_of(task))
        urls: list[str] = []
        while len(urls) < model.results(task.filled):
            number = 1000 + secrets.randbelow(9000)
            path = f"/{kind}/{task.task_id}_{len(urls) + 1}_{int(self.clock())}_{number}.{suffix}"
            if path not in self._by_path:
                urls.append(self.url + path)
                self._by_path[path] = task, len(urls)
        task.result_urls = urls if task.result.urls is None else list(task.result.urls)

    def move_result(self, task: Task) -> None:
        """Give a task's result a new address; at the one it had there is nothing any more."""
        old = [path for path, (owner, _) in self._by_path.items() if owner is task]
        self._place(task)
        for path in old:
            del self._by_path[path]

    def result_at(self, path: str) -> tuple[Task, int] | None:
        """The task whose result lives at this path of the result host, if it still does, and
        which of its results that is."""
        linked, until = self._links.get(path, ("", math.inf))
        found = self._by_path.get(linked or path)
        if found is None or found[0].state != "success" or self.clock() >= until:
            return None
        is_there = linked or self.clock() - found[0].ready_at < self.results_live_s
        return found if is_there else None

    def link(self, url: str) -> str | None:
        """A second address of a result, good for 20 minutes; None if `url` is no result's."""
        of = self._path_of(url)
        if of is None or of in self._links or self.result_at(of) is None:
            return None
        path = f"/d/{uuid.uuid4().hex}"
        self._links[path] = (of, self.clock() + LINK_LIVES_S)
        return self.url + path

    async def result(self, task: Task, number: int = 1) -> bytes:
        """A picture or film of a task. Two who ask at once wait for one drawing; old ones, which
        can be drawn again, are dropped."""
        key = f"{task.task_id}_{number}"
        drawing = self._drawn.get(key)
        if drawing is None or drawing.cancelled():
            make = asyncio.to_thread(made, task, number, self.model_of(task.model), self.paint)
            self._drawn[key] = drawing = asyncio.create_task(make)
            if len(self._drawn) > KEPT_PICTURES:
                del self._drawn[next(iter(self._drawn))]
        return await asyncio.shield(drawing)

    # --- Files

    def upload(self, folder: str, name: str | None, data: bytes) -> Upload:
        """A new file; the same path overwrites, the oldest go when it gets full."""
        guessed = mimetypes.guess_type(name or "")[0] or "application/octet-stream"
        mime_type = "image/png" if data.startswith(PNG_SIGNATURE) else guessed
        now = self.clock()
        if not name:
            suffix = mimetypes.guess_extension(mime_type) or ".bin"
            name = f"{int(now * 1000)}-{uuid.uuid4().hex[:11]}{suffix}"
        upload = Upload(f"{FILES}{folder}/{name}", data, mime_type, now)
        self._uploads.pop(upload.path, None)
        self._uploads[upload.path] = upload
        while sum(len(each.data) for each in self._uploads.values()) > KEPT_UPLOAD_BYTES:
            del self._uploads[next(iter(self._uploads))]
        return upload

    def upload_at(self, path: str) -> Upload | None:
        upload = self._uploads.get(path)
        return upload if upload and self.clock() - upload.at < self.uploads_live_s else None

    async def fetch(self, url: str, most_bytes: int) -> bytes | None:
        """What lies at an address: in the account, or at another server on this machine.

        None when there is nothing, or not here; when it is too much, a byte more than `most_bytes`.
        """
        path = self._path_of(url)
        if path is not None:
            if found := self.result_at(path):
                return await self.result(*found)
            upload = self.upload_at(path)
            return upload.data if upload else None
        if not _stays_here(url):
            return None
        try:
            async with self._session.get(
                url,
                timeout=aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S),
                headers={"User-Agent": "Mozilla/5.0 (KIE simulator)"},
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    return None
                return await response.content.readexactly(most_bytes + 1)
        except asyncio.IncompleteReadError as whole:
            return whole.partial
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _path_of(self, url: str) -> str | None:
        """The path of an address of this very server; None for any other address."""
        try:
            parsed = URL(url)
            return parsed.path if parsed.origin() == URL(self.url).origin() else None
        except ValueError:
            return None


def _stays_here(url: str) -> bool:
    """Whether an http(s) address is on this machine: nothing ever goes to another."""
    try:
        parsed = URL(url)
        return parsed.scheme in ("http", "https") and is_loopback(parsed.host)
    except ValueError:
        return False
