"""A plain caller of the KIE simulator: what a test says is what goes over the wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.demo.kie import KieSimulator, Task

KEY = "kie-test-key"
TEXT_MODEL = "midjourney/v6-text-to-image"
IMAGE_MODEL = "midjourney/v6-image-to-image"
FILM_MODEL = "kling/v2-5-turbo-text-to-video-pro"


@dataclass
class Answer:
    status: int
    headers: Any
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_787_235_578.913) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class Api:
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, **given: Any) -> Answer:
        """The answer to one request; a header that is None is left out."""
        own = {"Authorization": f"Bearer {KEY}", "User-Agent": "test/1"}
        wanted: dict[str, str | None] = own | given.pop("headers", {})
        headers = {name: value for name, value in wanted.items() if value is not None}
        async with self.session.request(
            method, path, headers=headers, allow_redirects=False, **given
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def create(self, model: str | None = TEXT_MODEL, **given: Any) -> Answer:
        return await self.send({"model": model, "input": {"prompt": "a fox"} | given})

    async def send(self, body: Any, **given: Any) -> Answer:
        return await self.call("POST", "/api/v1/jobs/createTask", json=body, **given)

    async def poll(self, task_id: str) -> Answer:
        return await self.call("GET", "/api/v1/jobs/recordInfo", params={"taskId": task_id})

    async def result(self, task: Task, **headers: str | None) -> Answer:
        return await self.call(
            "GET", task.result_urls[0], headers={"Authorization": None} | headers
        )

    async def upload(self, path: str = "file-stream-upload", **fields: Any) -> Answer:
        """A form, of fields and a file, which is all that is not text."""
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            form.add_field(name, value, filename="photo.png" if name == "file" else None)
        return await self.call("POST", f"/api/{path}", data=form)


@asynccontextmanager
async def running(**given: Any) -> AsyncIterator[tuple[KieSimulator, Api]]:
    """A simulator and a caller of it."""
    # Without a User-Agent of its own, so that a test can send none.
    async with (
        KieSimulator.start(key=KEY, **given) as kie,
        aiohttp.ClientSession(kie.url, skip_auto_headers=["User-Agent"]) as session,
    ):
        yield kie, Api(session)


async def made(kie: KieSimulator, api: Api, **given: Any) -> Task:
    """A task that has come to its end."""
    answer = await api.create(**given)
    task = kie.find(answer.body["data"]["taskId"])
    assert task is not None
    await kie.wait_for(lambda: task.done)
    return task
