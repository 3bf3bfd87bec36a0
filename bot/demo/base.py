"""The base of every stand-in: a server on loopback, its calls, faults, waiting, and controls.

The control is for programs on this machine that hold no stand-in in their hands: POST /_emu/NAME
with a JSON object calls an action with its fields, and answers what it returns. Bytes are base64.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from inspect import get_annotations, isawaitable
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from pydantic import ConfigDict, TypeAdapter, validate_call
from pydantic.dataclasses import dataclass
from pydantic_core import to_jsonable_python

ANY = "*"
CONTROL = "/_emu/"
KEPT_CALLS = 50_000
MAX_REQUEST_BYTES = 110 * 2**20
LOOK_AGAIN_S = 0.02
# For what is set from outside: no wrong name, no wrong type.
CHECKED = ConfigDict(extra="forbid", val_json_bytes="base64")

Clock = Callable[[], float]
Act = Callable[[], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")


@dataclasses.dataclass(slots=True)
class Call:
    """One HTTP request. `status` 0: it got no answer, or none yet."""

    name: str  # of what is asked for; "" for an unknown path
    method: str
    path: str
    query: dict[str, str]
    at: float
    connection: int  # the caller's port: the same twice means that a connection was kept
    role: str = ""  # what the key stands for, where there are several
    body: Any = None
    status: int = 0
    code: Any = None  # the one in the body of the answer
    task_id: str | None = None  # what it made, or named, whether or not that was told


CALL = web.RequestKey("call", Call)
CODE = web.ResponseKey("code", object)
CUT = web.RequestKey("cut", bool)


@dataclass(kw_only=True, eq=False, config=CHECKED)
class Fault:
    """One thing that goes wrong with requests of one name, or of any.

    `html` answers a page of that status, `body` this text (or object, as JSON) under HTTP 200,
    `answer` one of the stand-in's `answers`, `hang` nothing ever, `drip_s` a byte each so many
    seconds. A cut resets the connection before anything was done, or closes it without a word
    after that; a picture is half sent by then. All this after `delay_s`. With `effect` the request
    is carried out all the same. `times` None: until it is taken back.
    """

    name: str = ANY
    html: int | None = None
    body: Any = None
    answer: str | None = None
    hang: bool = False
    drip_s: float | None = None
    cut_before_effect: bool = False
    cut_after_effect: bool = False
    delay_s: float = 0.0
    effect: bool = False
    times: int | None = 1
    hits: int = 0

    def __post_init__(self) -> None:
        ways = sum(self.ways())
        if ways > 1 or not (ways or self.delay_s):
            raise ValueError("one fault at a time")
        self.effect = self.effect or self.cut_after_effect or self.drip_s is not None

    def ways(self) -> list[bool]:
        """Of each way in which an answer is spoilt whether it is this one."""
        given = [self.html, self.body, self.answer, self.drip_s]
        others = [self.hang, self.cut_before_effect, self.cut_after_effect]
        return [each is not None for each in given] + others

    def fits(self, name: str, _where: object) -> bool:
        """Whether it is for a request of that name."""
        return self.name in (name, ANY)

    def instead(self) -> web.Response | None:
        """The answer that is given, if the form of the fault knows it."""
        return None


class StandIn:
    """A service on a loopback port. `calls` are in the order of arrival."""

    names: ClassVar[frozenset[str]]  # of what can be asked for
    front: ClassVar[str] = "nginx"  # the proxy that signs pages of errors
    answers: ClassVar[Mapping[str, Callable[[], web.Response]]] = {}  # trouble of the service's own
    switches: ClassVar[type]  # the class whose annotated attributes may be set from outside
    fault_form: ClassVar[type[Fault]] = Fault
    runner: ClassVar[Mapping[str, Any]] = {"shutdown_timeout": 1.0}

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.url = ""
        self.calls: list[Any] = []
        self.faults: list[Fault] = []
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
        app = web.Application(middlewares=[self.through], client_max_size=MAX_REQUEST_BYTES)
        app.add_routes([web.post(CONTROL + "{action}", self._control), *self.routes()])
        runner = web.AppRunner(app, access_log=None, **self.runner)
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

    # --- Faults

    def fault(self, name: str = ANY, **form: Any) -> Fault:
        """Break the next requests of that name, or any, in the form of a `Fault`."""
        fault = self.fault_form(name=name, **form)
        if name not in self.names | {ANY} or fault.answer not in {None, *self.answers}:
            raise ValueError(f"there is no {fault.answer or name}")
        self.faults.append(fault)
        return fault

    def take_fault(self, name: str, where: object = None) -> Fault | None:
        """The fault of a request, which counts as one hit; they come in the order of ordering."""
        for fault in self.faults:
            if fault.fits(name, where):
                fault.hits += 1
                if fault.times == fault.hits:
                    self.faults.remove(fault)
                return fault
        return None

    def withdraw(self, fault: Fault) -> None:
        """Let it not happen any more; safe to repeat."""
        with suppress(ValueError):
            self.faults.remove(fault)

    def mend(self) -> None:
        """Take back all trouble that is still to come."""
        self.faults.clear()

    async def spoil(self, fault: Fault, request: web.Request, act: Act) -> web.StreamResponse:
        """Answer a request, which `act` carries out, as the fault will have it."""
        done = await act() if fault.effect else None
        await asyncio.sleep(fault.delay_s)
        if (answer := fault.instead()) is not None:
            return answer
        if fault.html is not None:
            return page(fault.html, self.front)
        if fault.body is not None:
            is_text = isinstance(fault.body, str)
            return web.Response(text=fault.body) if is_text else web.json_response(fault.body)
        if fault.answer is not None:
            return self.answers[fault.answer]()
        if fault.drip_s is not None and isinstance(done, web.Response):
            return await self._drip(request, done, fault.drip_s)
        if fault.hang:
            await self.closing.wait()
        elif fault.cut_after_effect and isinstance(done, web.Response):
            if done.content_type.startswith("image/"):
                await _send(request, done, len(_bytes(done)) // 2)
        elif not fault.cut_before_effect:
            return await act() if done is None else done
        return cut(request, reset=done is None)

    async def _drip(
        self, request: web.Request, whole: web.Response, pause_s: float
    ) -> web.StreamResponse:
        response = await _send(request, whole, 0)
        for byte in _bytes(whole):
            try:
                await response.write(bytes([byte]))
            except ConnectionResetError:
                break  # who asked has gone: nobody is left to be told
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), pause_s)
                return cut(request)
        return response

    # --- Waiting

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

    # --- Around every request

    @web.middleware
    async def through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Write a request down, let it be broken if that was asked for, and dress the answer."""
        if request.path.startswith(CONTROL):
            return await for_this_machine(request, handler)
        peer = request.transport.get_extra_info("peername") if request.transport else None
        name, query, port = self.name_of(request), dict(request.query), peer[1] if peer else 0
        call = Call(name, request.method, request.path, query, self.clock(), port)
        request[CALL] = call
        self.calls.append(call)
        if len(self.calls) > KEPT_CALLS:
            del self.calls[: KEPT_CALLS // 2]
        self.changed()
        try:
            act = partial(self.act, request, handler)
            fault = self.take_fault(name)
            response = await (self.spoil(fault, request, act) if fault else act())
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
        fields = json.loads(await request.read() or b"{}")
        result = validate_call(config=CHECKED)(act)(**fields)
        if isawaitable(result):
            result = await result
        return web.json_response(to_jsonable_python(result, fallback=repr, bytes_mode="base64"))

    def set(self, **values: object) -> None:
        """Set switches, all of them or none. Raises ValueError, or KeyError for a wrong name."""
        types = get_annotations(self.switches, eval_str=True)
        checked = {name: TypeAdapter(types[name]).validate_python(values[name]) for name in values}
        for name, value in checked.items():
            setattr(self, name, value)

    def since(self, since: int = 0) -> list[Any]:
        """The calls without the first so many."""
        return self.calls[since:]


async def for_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let through what comes from here, and from no page of another site in a browser."""
    origin, host = request.headers.get(hdrs.ORIGIN), urlsplit(f"//{request.host}").hostname
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign or not is_loopback(host) or not is_loopback(request.remote):
        return web.json_response({"error": "for this machine only"}, status=403)
    try:
        return await handler(request)
    except (LookupError, ValueError, TypeError, TimeoutError) as error:
        return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine. No name but `localhost` is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def page(status: int, text: str) -> web.Response:
    """An HTML page, as a proxy answers when what is behind it does not."""
    html = (
        f"<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status}</h1></center>\r\n<hr><center>{text}</center>\r\n</body>\r\n</html>\r\n"
    )
    return web.Response(body=html.encode(), status=status, content_type="text/html")


def iso(at: float) -> str:
    """A moment in UTC, in milliseconds."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def cut(request: web.Request, *, reset: bool = True) -> web.Response:
    """End the connection with no further word; what is returned never gets there."""
    request[CUT] = True
    if request.transport is not None:
        if reset:
            request.transport.abort()
        else:
            request.transport.close()
    return web.Response()


def _bytes(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""


async def _send(request: web.Request, whole: web.Response, count: int) -> web.StreamResponse:
    """Promise all of an answer, and send its first bytes."""
    kind = {hdrs.CONTENT_TYPE: whole.headers[hdrs.CONTENT_TYPE]}
    response = web.StreamResponse(status=whole.status, headers=kind)
    response.content_length = len(_bytes(whole))
    await response.prepare(request)
    await response.write(_bytes(whole)[:count])
    return response
