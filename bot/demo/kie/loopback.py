"""The one way out: what lies on this machine, and never anything on another."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from .simulator import KieSimulator

# What the documentation of the url upload gives a download.
FETCH_TIMEOUT_S = 30.0


def is_loopback(address: str) -> bool:
    """Whether an http(s) address stays on this machine. No name but `localhost` is resolved."""
    try:
        url = URL(address)
        host = url.host
    except ValueError:
        return False
    if url.scheme not in ("http", "https") or host is None:
        return False
    return host == "localhost" or is_loopback_host(host)


def is_loopback_host(host: str) -> bool:
    """Whether it is a numeric address of this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def fetch(kie: KieSimulator, address: str, most_bytes: int) -> bytes | None:
    """What lies at an address: the simulator's own store, or another server on this machine.

    None when there is nothing, or not here; one byte more than `most_bytes` when it is too much.
    """
    path = kie.path_of(address)
    if path is not None:
        if task := kie.linked(path) or kie.result_at(path):
            return await kie.pictures.png(task)
        upload = kie.uploads.get(path)
        return upload.data if upload else None
    if not is_loopback(address):
        return None
    try:
        async with kie.session.get(
            address,
            timeout=aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S),
            headers={"User-Agent": "Mozilla/5.0 (KIE simulator)"},
            allow_redirects=False,
        ) as response:
            if response.status != 200:
                return None
            data = bytearray()
            async for chunk in response.content.iter_chunked(65_536):
                data += chunk
                if len(data) > most_bytes:
                    break
            return bytes(data[: most_bytes + 1])
    except (aiohttp.ClientError, TimeoutError):
        return None
