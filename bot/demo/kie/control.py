"""The switches as JSON over HTTP, for who is not in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from .simulator import KieSimulator

PREFIX = "/_sim/"


def routes(kie: KieSimulator) -> list[web.RouteDef]:
    return []
