"""What every stand-in has: a server on loopback, its calls, faults, waiting, and a control.

The control is for programs on this machine that hold no stand-in in their hands: POST /_emu/NAME
with a JSON object calls an action with its fields, and answers what it returns. Bytes are base64.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from inspect import get_annotations, isawaitable
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from pydantic import ConfigDict, TypeAdapter, validate_call
from pydantic_core import to_jsonable_python

from .faults import ANY, CUT, Fault, Faults, page

CONTROL = "/_emu/"
KEPT_CALLS = 50_000
MAX_REQUEST_BYTES = 110 * 2**20
LOOK_AGAIN_S = 0.02

Clock = Callable[[], float]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """One HTTP request. `status` 0: it got no answer, or none yet."""

    name: str  # of what is asked for; "" for an unknown path
    method: str
    path: str
    query: dict[str, str]
    at: float
    connection: int  # the caller's port: the same twice means that a connection was kept
    authorized: bool  # an Authorization header came with it, right or wrong
    role: str = ""  # what the key stands for, where there are several
    body: Any = None
    status: int = 0
    code: Any = None  # the one in the body of the answer
    task_id: str | None = None  # what it made, or named, whether or not that was told


CALL = web.RequestKey("call", Call)
CODE = web.ResponseKey("code", object)


class StandIn:
    """A service on a loopback port. `calls` are in the order of arrival."""

    names: ClassVar[frozenset[str]]  # of what can be asked for
    front: ClassVar[str] = "nginx"  # the proxy that signs pages of errors
    answers: ClassVar[Mapping[str, Callable[[], web.Response]]] = {}  # trouble of the service's own
    switches: ClassVar[type]  # the class whose annotated attributes may be set from outside

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.url = ""
        self.calls: list[Call] = []
        self.faults: Faults[Fault] = Faults()
        self.closing = asyncio.Event()
        self._changed = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def name_of(self, request: web.Request) -> str:
        raise NotImplementedError

    async def act(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Carry a request out, or refuse it."""
        return await handler(request)

    def dress(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put on an answer what all answers wear."""

    def actions(self) -> dict[str, Callable[..., object]]:
        """What can be done over HTTP, by name."""
        return {"fault": self.fault, "mend": self.mend, "set": self.set, "calls": self.since}

    async def close(self) -> None:
        """End what is under way."""

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[Self]:
        """Serve on 127.0.0.1 until the block is left; port 0 takes a free one."""
        app = web.Application(middlewares=[self._through], client_max_size=MAX_REQUEST_BYTES)
        app.add_routes([web.post(CONTROL + "{action}", self._control), *self.routes()])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            self.closing.set()
            try:
                await self.close()
            finally:
                await runner.cleanup()

    def fault(
        self,
        name: str = ANY,
        *,
        html: int | None = None,
        body: object = None,
        answer: str | None = None,
        hang: bool = False,
        drip_s: float | None = None,
        cut_before_effect: bool = False,
        cut_after_effect: bool = False,
        delay_s: float = 0.0,
        effect: bool = False,
        times: int | None = 1,
    ) -> Fault:
        """Break the next requests of that name, or any; with `times` None until `mend`.

        `html` answers a page of that status, `body` this text (or object, as JSON) under HTTP 200,
        `answer` one of the stand-in's `answers`, `hang` nothing ever, `drip_s` a byte each so many
        seconds. A cut resets the connection before anything was done, or closes it without a word
        after that; a picture is half sent by then. All this after `delay_s`. With `effect` the
        request is carried out all the same.
        """
        if name not in self.names | {ANY}:
            raise ValueError(f"there is no {name}, only {sorted(self.names)}")
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/plain" if isinstance(body, str) else "application/json"
        answers = [
            html is not None and partial(page, html, self.front),
            body is not None and partial(web.Response, text=text, content_type=kind),
            answer is not None and self.answers[answer],
        ]
        said = [each for each in answers if each]
        ways = [*said, hang, drip_s is not None, cut_before_effect, cut_after_effect]
        if sum(map(bool, ways)) != 1 and (any(ways) or not delay_s):
            raise ValueError("one fault at a time")
        fault = Fault(
            name=name,
            answer=said[0] if said else None,
            hang=hang,
            drip_s=drip_s,
            cut=cut_before_effect or cut_after_effect,
            delay_s=delay_s,
            effect=effect or cut_after_effect or drip_s is not None,
            times=times,
        )
        self.faults.add(fault)
        return fault

    def mend(self) -> None:
        """Take back all trouble that is still to come."""
        self.faults.clear()

    def take_fault(self, name: str) -> Fault | None:
        return self.faults.take(name)

    def set(self, **values: object) -> None:
        """Set switches, all of them or none. Raises ValueError, or KeyError for a wrong name."""
        types = get_annotations(self.switches, eval_str=True)
        checked = {name: TypeAdapter(types[name]).validate_python(values[name]) for name in values}
        for name, value in checked.items():
            setattr(self, name, value)

    def since(self, since: int = 0) -> list[Call]:
        """The calls without the first so many."""
        return self.calls[since:]

    async def wait_for(self, predicate: Callable[[], T | None], timeout_s: float = 60) -> T:
        """The first truthy value of the predicate, which is asked again after every change.

        Raises TimeoutError, which tells what was there instead.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not (value := predicate()):
                    # Time alone changes things too, and rings no bell.
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), LOOK_AGAIN_S)
                return value
        except TimeoutError:
            raise TimeoutError(f"not within {timeout_s:g} s; {self.story()}") from None

    def story(self) -> str:
        """What happened last."""
        last = [f"{call.name or call.path} {call.status} {call.code}" for call in self.calls[-5:]]
        return f"last calls {last}"

    def changed(self) -> None:
        """Let those who wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    @web.middleware
    async def _through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every request: it is written down, broken if asked for, and dressed."""
        if request.path.startswith(CONTROL):
            return await _for_this_machine(request, handler)
        peer = request.transport.get_extra_info("peername") if request.transport else None
        call = Call(
            name=self.name_of(request),
            method=request.method,
            path=request.path,
            query=dict(request.query),
            at=self.clock(),
            connection=peer[1] if peer else 0,
            authorized=hdrs.AUTHORIZATION in request.headers,
        )
        request[CALL] = call
        self.calls.append(call)
        if len(self.calls) > KEPT_CALLS:
            del self.calls[: KEPT_CALLS // 2]
        self.changed()
        try:
            act = partial(self.act, request, handler)
            fault = self.take_fault(call.name)
            response = await (fault.spoil(request, act, self.closing) if fault else act())
            if not response.prepared:
                self.dress(request, response)
            if CUT not in request:
                call.status, call.code = response.status, response.get(CODE)
            return response
        finally:
            self.changed()

    async def _control(self, request: web.Request) -> web.Response:
        actions = self.actions()
        act = actions.get(request.match_info["action"])
        if act is None:
            raise LookupError(f"no such action; there are {sorted(actions)}")
        checked = validate_call(config=ConfigDict(val_json_bytes="base64"))(act)
        result = checked(**json.loads(await request.read() or b"{}"))
        if isawaitable(result):
            result = await result
        return web.json_response(to_jsonable_python(result, fallback=repr))


async def _for_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let through what comes from here, and from no page of another site in a browser."""
    origin, host = request.headers.get(hdrs.ORIGIN), urlsplit(f"//{request.host}").hostname
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign or not is_loopback(host) or not is_loopback(request.remote):
        return web.json_response({"error": "for this machine only"}, status=403)
    try:
        return await handler(request)
    except (LookupError, ValueError, TypeError, AssertionError, TimeoutError) as error:
        return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine. No name but `localhost` is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
