"""What can be made to go wrong around Storage: the gateway, the network, the database."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal, get_args

from aiohttp import hdrs, web

from .refusal import INTERNAL, TOO_MANY

Endpoint = Literal["upload", "download", "public", "info", "list", "remove", "bucket", "*"]

REASONS = {413: "Request Entity Too Large", 502: "Bad Gateway", 504: "Gateway Time-out"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not Storage's own."""

    status: int
    body: str = ""
    content_type: str = "text/html"
    location: str | None = None

    def response(self) -> web.Response:
        headers = {hdrs.LOCATION: self.location} if self.location is not None else None
        return web.Response(
            text=self.body, status=self.status, content_type=self.content_type, headers=headers
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong. `effect`: what was asked for is done all the same."""

    answer: Answer | None = None
    hang: bool = False
    drip_s: float | None = None
    cut: bool = False
    effect: bool = False


class Faults:
    """The faults to come, by endpoint."""

    def __init__(self) -> None:
        self._faults: dict[str, deque[Fault]] = {}
        self._lasting: dict[str, Fault] = {}

    def fault(
        self,
        endpoint: Endpoint = "*",
        *,
        html: int | None = None,
        empty: int | None = None,
        body: object = None,
        redirect: str | None = None,
        unauthorized: bool = False,
        too_many: bool = False,
        no_database: bool = False,
        hang: bool = False,
        drip_s: float | None = None,
        cut_before_effect: bool = False,
        cut_after_effect: bool = False,
        effect: bool = False,
        times: int | None = 1,
    ) -> None:
        """Break the next `times` requests to `endpoint`, or to any; None: until `mend()`.

        One of: `html` answers the gateway's page of that status (200 as well), `empty` nothing
        under that status, `body` this JSON under HTTP 200, `redirect` a 307 to that place,
        `unauthorized` the gateway's 401; `too_many` and `no_database` are Storage's own 429 and
        500. `hang` never answers, `drip_s` answers a byte each so many seconds. A cut resets the
        connection before anything was done, or closes it without a word after it was done.
        """
        answers = {
            "html": html and Answer(html, _page(html)),
            "empty": empty and Answer(empty),
            "body": None if body is None else _json(200, body),
            "redirect": redirect and Answer(307, location=redirect),
            "unauthorized": unauthorized
            and _json(401, {"message": "Invalid authentication credentials"}),
            "too_many": too_many and _refused(TOO_MANY.answer()),
            "no_database": no_database and _refused(INTERNAL.answer()),
        }
        chosen = [answer for answer in answers.values() if isinstance(answer, Answer)]
        ways = [hang, drip_s is not None, cut_before_effect, cut_after_effect]
        if len(chosen) + sum(ways) != 1:
            raise ValueError("one fault at a time")
        if endpoint not in get_args(Endpoint):
            raise ValueError(f"no such endpoint: {endpoint}")
        fault = Fault(
            answer=chosen[0] if chosen else None,
            hang=hang,
            drip_s=drip_s,
            cut=cut_before_effect or cut_after_effect,
            effect=effect or cut_after_effect or drip_s is not None,
        )
        if times is None:
            self._lasting[endpoint] = fault
        else:
            self._faults.setdefault(endpoint, deque()).extend([fault] * times)

    def mend(self) -> None:
        """Take back every fault that is still to come."""
        self._faults.clear()
        self._lasting.clear()

    def take_fault(self, endpoint: str) -> Fault | None:
        for name in (endpoint, "*"):
            if waiting := self._faults.get(name):
                return waiting.popleft()
            if lasting := self._lasting.get(name):
                return lasting
        return None


def _page(status: int) -> str:
    title = f"{status} {REASONS.get(status, '')}".strip()
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )


def _json(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body), "application/json")


def _refused(response: web.Response) -> Answer:
    return Answer(response.status, response.text or "", "application/json")
