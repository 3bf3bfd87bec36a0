"""Updates that are brought to the bot's own address, instead of being asked for.

Bot API, setWebhook; github.com/tdlib/telegram-bot-api, telegram-bot-api/Client.cpp
(process_set_webhook_query, do_set_webhook) and WebhookActor.cpp.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from aiohttp import hdrs

from .refusal import RefusedError, too_many_requests

if TYPE_CHECKING:
    from bot.demo.base import Fault

    from .update import Update

DELIVERY = "webhook"  # the name under which deliveries fail
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
PORTS = {443, 80, 88, 8443}
USUAL_CONNECTIONS = 40
MAX_SECRET = 256

_ANSWER_S = 60.0
_LONGEST_PAUSE_S = 90  # there something from 60 to 120
_LONGEST_RETRY_AFTER_S = 3600
_GONE_S = 23 * 3600.0
# While some update got through a short while ago, so many new connections in so many seconds; else
# a single one in all, tried that often.
_LIVELY_S, _LIVELY, _QUIET = 10.0, (10, 0.5), (1, 2.0)
_FROM = "149.154.167.220"  # one of the addresses from which Telegram brings updates


@dataclass(frozen=True, slots=True)
class Address:
    """What a bot asked for with setWebhook."""

    url: str
    secret: str = ""
    connections: int = USUAL_CONNECTIONS

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def check(self, names: Iterable[str]) -> None:
        """Whether Telegram brings updates there; `names` are the origins it can look up.

        Raises RefusedError.
        """
        try:
            parts = urlsplit(self.url)
            port = parts.port or {"http": 80}.get(parts.scheme, 443)
        except ValueError:
            raise RefusedError("invalid webhook URL specified") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise RefusedError("invalid webhook URL specified")
        if len(self.secret) > MAX_SECRET:
            raise RefusedError("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", self.secret):
            raise RefusedError("secret token contains unallowed characters")
        if parts.scheme != "https":
            raise RefusedError("bad webhook: An HTTPS URL must be provided for webhook")
        if port not in PORTS:
            raise RefusedError(
                "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
            )
        with suppress(ValueError):
            if not ipaddress.ip_address(parts.hostname).is_global:
                raise RefusedError(f"bad webhook: IP address {parts.hostname} is reserved")
        if self.origin not in names:
            raise RefusedError("bad webhook: Failed to resolve host: Name or service not known")


@dataclass(eq=False, slots=True)
class Delivery:
    """One attempt to bring an update. `came`: it got to the bot; `status` 0: no answer, or none
    yet."""

    update: dict[str, Any]
    at: float
    came: bool = False
    status: int = 0
    error: str = ""


class Queue(Protocol):
    """What is to be brought."""

    def heads(self, most: int) -> list[Update]:
        """The first update of each `order`, at most so many."""

    def wire(self, update: Update) -> dict[str, Any]:
        """The object that goes to the bot."""

    def brought(self, update: Update) -> None:
        """It need not come again."""


class Webhook:
    """What brings the updates of one bot to the address that it asked for.

    Attributes:
        pace: every pause is multiplied by it; 1 is Telegram's own.
        answer_s: how long an answer is waited for.
        hosts: public origins, each with the one on loopback that its proxy would pass requests to.
        deliveries: all attempts, oldest first.
        last_error: when an attempt failed last, and why. It stays when others get through.
        fault: gives the fault that is to happen to an attempt.
    """

    def __init__(
        self, queue: Queue, clock: Callable[[], float], changed: Callable[[], None]
    ) -> None:
        self.queue, self.clock, self.changed = queue, clock, changed
        self.pace = 1.0
        self.answer_s = _ANSWER_S
        self.hosts: Mapping[str, str] = {}
        self.address: Address | None = None
        self.deliveries: list[Delivery] = []
        self.last_error: tuple[float, str] | None = None
        self.fault: Callable[[str], Fault | None] = lambda _: None
        self.look = asyncio.Event()  # set: there may be something new to bring
        self._next_set = float("-inf")
        self._tasks: set[asyncio.Task[None]] = set()

    def count(self) -> None:
        """Let the bot set an address. Raises RefusedError 429 within a second of the last time."""
        now = asyncio.get_running_loop().time()
        if now < self._next_set:
            raise too_many_requests(1)
        self._next_set = now + self.pace

    def set(self, address: Address | None) -> None:
        """Bring updates there from now on, or nowhere; what is under way is broken off, and comes
        again."""
        for task in self._tasks:
            task.cancel()
        self.address, self.last_error = address, None
        if address is not None:
            task = asyncio.create_task(_Courier(self, address).run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@dataclass(eq=False, slots=True)
class _Course:
    """How the attempts to bring one update went; times are the loop's."""

    wake_at: float
    delay: int = 1  # seconds, before the pace
    fails: int = 0


class _Courier:
    """Brings what there is to one address, until it is cancelled."""

    def __init__(self, webhook: Webhook, address: Address) -> None:
        self._webhook, self._address = webhook, address
        self._courses: dict[int, _Course] = {}
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._open = 0  # connections, with those under way
        self._opened: deque[float] = deque(maxlen=max(_LIVELY[0], _QUIET[0]))
        self._last_success = float("-inf")
        self._gone_since: float | None = None

    async def run(self) -> None:
        behind = self._webhook.hosts.get(self._address.origin)
        tasks = self._under_way.values()
        try:
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            ) as http:
                while True:
                    self._webhook.look.clear()
                    wait_s = self._send(http, behind)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._webhook.look.wait(), wait_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _send(self, http: aiohttp.ClientSession, behind: str | None) -> float | None:
        """Send what can be sent now; returns the seconds until there may be more, None: never."""
        now, pace = asyncio.get_running_loop().time(), self._webhook.pace
        heads = self._webhook.queue.heads(2 * self._address.connections)
        known = {each.update_id for each in heads}
        self._courses = {key: value for key, value in self._courses.items() if key in known}
        for each in heads:
            self._courses.setdefault(each.update_id, _Course(now))
        due = [each for each in heads if each.update_id not in self._under_way]
        due.sort(key=lambda each: (self._courses[each.update_id].wake_at, each.update_id))
        for update in due:
            course = self._courses[update.update_id]
            if course.wake_at > now:
                return course.wake_at - now
            if self._open <= len(self._under_way):
                lively = now < self._last_success + _LIVELY_S * pace
                most = min(len(heads), self._address.connections) if lively else 1
                if self._open >= most:
                    return None  # one that ends will tell
                many, within_s = _LIVELY if lively else _QUIET
                recent = [at for at in self._opened if at > now - within_s * pace]
                if len(recent) >= many:
                    return recent[-many] + within_s * pace - now
                self._opened.append(now)
                self._open += 1
            task = asyncio.create_task(self._bring(http, behind, update, course))
            self._under_way[update.update_id] = task
        return None

    async def _bring(
        self, http: aiohttp.ClientSession, behind: str | None, update: Update, course: _Course
    ) -> None:
        webhook = self._webhook
        delivery = Delivery(webhook.queue.wire(update), webhook.clock())
        webhook.deliveries.append(delivery)
        retry_after = 0
        try:
            retry_after = await self._attempt(http, behind, delivery)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._open -= 1
            delivery.came &= not isinstance(error, aiohttp.ClientConnectorError)
            delivery.error = _words(error)
            webhook.last_error = webhook.clock(), delivery.error
        finally:
            del self._under_way[update.update_id]
        loop_now = asyncio.get_running_loop().time()
        if not delivery.error:
            self._last_success = loop_now
            webhook.queue.brought(update)
        else:
            self._try_again(update, course, retry_after, loop_now)
        webhook.look.set()
        webhook.changed()

    async def _attempt(
        self, http: aiohttp.ClientSession, behind: str | None, delivery: Delivery
    ) -> int:
        """One request; returns the Retry-After of the answer."""
        address, fault = self._address, self._webhook.fault(DELIVERY)
        if fault is not None and not fault.effect:
            await asyncio.sleep(fault.delay_s)
            raise ConnectionResetError("Connection reset by peer")
        if behind is None:
            raise ConnectionRefusedError("Connection refused")
        parts = urlsplit(address.url)
        headers: dict[str, str] = {
            hdrs.HOST: parts.netloc,
            hdrs.ACCEPT_ENCODING: "gzip, deflate",
            # The proxy, without which there is no https.
            hdrs.X_FORWARDED_FOR: _FROM,
            hdrs.X_FORWARDED_PROTO: "https",
        }
        if address.secret:
            headers[SECRET_HEADER] = address.secret
        path = address.url.removeprefix(address.origin) or "/"
        delivery.came = True
        async with http.post(
            behind + path,
            json=delivery.update,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self._webhook.answer_s),
        ) as answer:
            await answer.read()
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            if any(fault.ways()):
                raise ConnectionResetError("Connection reset by peer")
        delivery.status = answer.status
        if answer.headers.get(hdrs.CONNECTION, "").lower() == "close":
            self._open -= 1
        if 200 <= answer.status <= 299:
            self._gone_since = None
            return 0
        delivery.error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        self._webhook.last_error = self._webhook.clock(), delivery.error
        self._look_at_gone(answer.status)
        after = answer.headers.get(hdrs.RETRY_AFTER, "")
        return min(int(after), _LONGEST_RETRY_AFTER_S) if after.isdecimal() else 0

    def _look_at_gone(self, status: int) -> None:
        """A bot that says for a day that nobody is there has no webhook any more."""
        now = self._webhook.clock()
        if status != 410:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now > self._gone_since + _GONE_S:
            self._webhook.set(None)

    def _try_again(self, update: Update, course: _Course, retry_after: int, now: float) -> None:
        """At first at once, then later and later."""
        pause = retry_after
        if not retry_after and course.fails:
            pause = course.delay = min(_LONGEST_PAUSE_S, 2 * course.delay)
        course.wake_at = now + pause * self._webhook.pace
        course.fails += 1
        if update.is_over(self._webhook.clock() + pause):
            self._webhook.queue.brought(update)


def _words(error: Exception) -> str:
    """Why nothing came back, in words as Telegram's own."""
    match error:
        case TimeoutError():
            return "Read timeout expired"
        case aiohttp.ClientConnectorError() | ConnectionRefusedError():
            return "Connection refused"
        case aiohttp.ServerDisconnectedError():
            return "Webhook connection closed"
    return "Connection reset by peer"
