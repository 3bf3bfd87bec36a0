"""The simulator: its routes, and what happens around every request."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import hdrs, web

from bot.demo.base import CALL, Clock, Handler

from . import discovery, jobs, results, uploads, wire
from .account import Account
from .switches import Switches

API = {
    "/api/v1/jobs/createTask": "createTask",
    "/api/v1/jobs/recordInfo": "recordInfo",
    "/api/v1/chat/credit": "credit",
    "/api/v1/common/download-url": "download-url",
    "/api/file-stream-upload": "upload",
    "/api/file-base64-upload": "upload",
    "/api/file-url-upload": "upload",
}
# The files of the result and upload hosts are public; everything else needs the key.
FILES = {"/r/": "result", "/k/": "result", "/d/": "result", "/kieai/": "file"}


class KieSimulator(Account):
    """KIE's jobs API, upload host and result host on one loopback port, and their strictness."""

    names = frozenset({*API.values(), *discovery.NAMES, *FILES.values()})
    front = "cloudflare"
    switches = Switches

    @classmethod
    @asynccontextmanager
    async def start(
        cls, key: str = "kie-test-key", port: int = 0, clock: Clock = time.time
    ) -> AsyncIterator[KieSimulator]:
        """A running simulator on 127.0.0.1; port 0 takes a free one, `url` tells which."""
        # No cookie of one callback's receiver shall reach another.
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            cls(key, clock, session).serving(port) as kie,
        ):
            yield kie

    def routes(self) -> list[web.RouteDef]:
        return [
            *jobs.routes(self),
            *discovery.routes(self),
            *uploads.routes(self),
            *results.routes(self),
        ]

    def name_of(self, request: web.Request) -> str:
        files = (name for prefix, name in FILES.items() if request.path.startswith(prefix))
        return API.get(request.path) or discovery.name_of(request.path) or next(files, "")

    async def act(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        call = request[CALL]
        try:
            if call.name not in {"", *FILES.values()} and not self._lets_in(request):
                raise wire.RefusedError(401)
            if request.content_type == "application/json":
                with suppress(ValueError):
                    call.body = json.loads(await request.read())
            return await handler(request)
        except wire.RefusedError as error:
            refusal = wire.Refusal(*error.args)
        except web.HTTPMethodNotAllowed:
            refusal = wire.Refusal(405, f"Request method '{request.method}' not supported")
        except web.HTTPNotFound:
            return wire.unknown_path(request.path, self.clock())
        return refusal.answer(upload=call.name == "upload")

    def _lets_in(self, request: web.Request) -> bool:
        typed = request.content_type in ("application/json", "multipart/form-data")
        has_key = request.headers.get(hdrs.AUTHORIZATION) == f"Bearer {self.key}"
        return has_key and (typed or request.method != hdrs.METH_POST)

    def dress(self, request: web.Request, response: web.StreamResponse) -> None:
        wire.front(response)
        if request[CALL].name not in FILES.values():
            wire.dress(request, response)

    def story(self) -> str:
        return f"tasks {[task.state for task in self.tasks]}, {super().story()}"

    def actions(self) -> dict[str, Callable[..., object]]:
        return super().actions() | {
            "fail_create": self.fail_create,
            "fail_poll": self.fail_poll,
            "fail_task": self.fail_task,
            "next_task_id": self.next_task_id,
            "next_result": self.next_result,
            "finish": lambda task_id: self.finish(self._by_id[task_id]),
            "move_result": lambda task_id: self.move_result(self._by_id[task_id]),
        }
