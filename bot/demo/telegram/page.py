"""The chat page: one HTML file that may run, load and reach nothing but itself and /_emu/."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from aiohttp import web

_FILE = Path(__file__).with_name("page.html")


async def show(request: web.Request) -> web.StreamResponse:
    page = _FILE.read_text("utf-8")
    return web.Response(
        text=page,
        content_type="text/html",
        headers={
            "Content-Security-Policy": _policy(page),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )


def _policy(page: str) -> str:
    """A Content-Security-Policy for this very text: its script and style by their hashes.

    Whatever a person or the bot wrote cannot become markup: Trusted Types are demanded, and there
    is no policy that makes them.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(page, 'script')}",
            f"style-src {_hash(page, 'style')}",
            "media-src 'self'",
            "img-src 'self' blob:",  # blob: pictures that are about to be sent
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _hash(page: str, tag: str) -> str:
    (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    digest = hashlib.sha256(inside.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
