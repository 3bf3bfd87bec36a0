"""An account at KIE: its tasks, credits and files, and what happens to them by themselves."""

from __future__ import annotations

import asyncio
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
from .models import model_of
from .pictures import MAX_SOURCE_BYTES, PNG_SIGNATURE, draw, wrong_with
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
        self._session = session
        self._by_id: dict[str, Task] = {}
        self._by_path: dict[str, Task] = {}
        self._links: dict[str, tuple[Task, float]] = {}
        self._drawn: dict[str, asyncio.Task[bytes]] = {}
        self._uploads: dict[str, Upload] = {}
        self._following: list[asyncio.Task[None]] = []

    # --- Tasks

    def create(self, model: str, given: dict[str, Any], callback_url: str | None = None) -> Task:
        """A new task, paid for and under way."""
        now = self.clock()
        failure = self.take("failure")
        task = Task(
            task_id=uuid.uuid4().hex,
            model=model,
            input=given,
            callback_url=callback_url,
            created_at=now,
            ready_at=now,
            phases=tuple(self.states),
            result=(None if failure else self.take("result")) or Result(),
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
        """See a task through: its source picture, its end, its refund, its callback."""
        if task.fetching:
            task.source = await self.fetch(str(task.input["image_url"]), MAX_SOURCE_BYTES)
            if wrong := wrong_with(task.source):
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
        if url is not None and _stays_here(url):
            async for sent in deliver(self._session, self.callbacks, task, url, self.credits):
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
        kind, suffix = ("k", "mp4") if model_of(task.model).makes_film else ("r", "png")
        path = ""
        while not path or path in self._by_path:
            number = 1000 + secrets.randbelow(9000)
            path = f"/{kind}/{task.task_id}_1_{int(self.clock())}_{number}.{suffix}"
        self._by_path[path] = task
        urls = task.result.urls
        task.result_urls = [self.url + path] if urls is None else list(urls)

    def move_result(self, task: Task) -> None:
        """Give a task's result a new address; at the one it had there is nothing any more."""
        old = [path for path, owner in self._by_path.items() if owner is task]
        self._place(task)
        for path in old:
            del self._by_path[path]

    def result_at(self, path: str) -> Task | None:
        """The task whose result lives at this path of the result host, if it still does."""
        task, until = self._links.get(path, (None, 0.0))
        if task is not None:
            return task if self.clock() < until else None
        task = self._by_path.get(path)
        if task is None or task.state != "success":
            return None
        return task if self.clock() - task.ready_at < self.results_live_s else None

    def link(self, url: str) -> str | None:
        """A second address of a result, good for 20 minutes; None if `url` is no result's."""
        path = self._path_of(url)
        task = None if path is None or path in self._links else self.result_at(path)
        if task is None:
            return None
        path = f"/d/{uuid.uuid4().hex}"
        self._links[path] = (task, self.clock() + LINK_LIVES_S)
        return self.url + path

    async def picture(self, task: Task) -> bytes:
        """The picture of a task. Two who ask at once wait for one drawing; old ones, which can be
        drawn again, are dropped."""
        drawing = self._drawn.get(task.task_id)
        if drawing is None or drawing.cancelled():
            drawing = asyncio.create_task(asyncio.to_thread(self.paint, task))
            self._drawn[task.task_id] = drawing
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
            if task := self.result_at(path):
                return await self.picture(task)
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
