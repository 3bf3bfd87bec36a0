"""Safe download of a result from a URL that somebody else chose."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from providers.errors import DownloadError, ResultRefusedError

# KIE's CDN turns away clients without a browser-like name.
USER_AGENT = "Mozilla/5.0 (compatible; midjourney-bot/0.1)"
MAX_REDIRECTS = 5
CHUNK_BYTES = 2**20
KEPT_CONNECTION_S = 45.0  # while pictures come, none begins with TCP and TLS

# Of IPv6 only this is given out to the public; all else has a meaning of its own, or had one.
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # how a network without IPv4 reaches IPv4


class Downloader:
    """Streams results to disk, from public https addresses only.

    Where the provider itself is local (a simulator, a proxy on the same host), plain http from
    that very host is allowed as well, and nothing else that is not public.
    """

    def __init__(
        self, session: aiohttp.ClientSession, local_host: str | None, max_bytes: int
    ) -> None:
        self._session = session
        self._local_host = local_host
        self._max_bytes = max_bytes

    @classmethod
    @asynccontextmanager
    async def open(
        cls, *, provider_url: str, max_bytes: int, total_timeout_s: float
    ) -> AsyncIterator[Self]:
        """`provider_url` is the configured base URL; `max_bytes` the largest result taken."""
        host = URL(provider_url).host or ""
        local_host = host if _is_local(host) else None
        timeout = aiohttp.ClientTimeout(total=total_timeout_s, sock_connect=10, sock_read=30)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_PublicResolver(local_host), keepalive_timeout=KEPT_CONNECTION_S
            ),
            headers={"User-Agent": USER_AGENT},
            timeout=timeout,
        ) as session:
            yield cls(session, local_host, max_bytes)

    async def fetch(self, url: str, path: Path) -> None:
        """Download `url` to `path`, from the beginning; safe to repeat.

        Raises:
            ResultRefusedError: the address is not allowed, or the result is too large.
            DownloadError: it did not work this time.
        """
        try:
            await self._fetch(URL(url), path)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DownloadError(f"{error!r}") from error

    async def _fetch(self, url: URL, path: Path) -> None:
        for _ in range(MAX_REDIRECTS + 1):
            self._check(url)
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    url = url.join(URL(response.headers.get("Location", "")))
                    continue
                if response.status != 200:
                    raise DownloadError(f"HTTP {response.status}", code=response.status)
                await self._save(response, path)
                return
        raise ResultRefusedError("too many redirects")

    def _check(self, url: URL) -> None:
        """Each hop is checked: the first address may be fine and lead to one that is not."""
        host = url.host or ""
        if self._local_host is not None and host == self._local_host:
            return
        if url.scheme != "https":
            raise ResultRefusedError(f"{url.scheme or 'no scheme'} instead of https")
        if _is_local(host):
            raise ResultRefusedError("an address that is not public")

    async def _save(self, response: aiohttp.ClientResponse, path: Path) -> None:
        if (response.content_length or 0) > self._max_bytes:
            raise ResultRefusedError(f"larger than {self._max_bytes} bytes")
        size, waiting = 0, bytearray()
        file = await _open(path)
        try:
            async for data in response.content.iter_any():
                size += len(data)
                if size > self._max_bytes:
                    raise ResultRefusedError(f"larger than {self._max_bytes} bytes")
                waiting += data
                if len(waiting) >= CHUNK_BYTES:  # each way to a thread costs more than the writing
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            if not size:
                raise DownloadError("an empty file")
            await asyncio.to_thread(_finish, file, waiting)
        finally:
            file.close()  # not in a thread: who is cancelled while that waits leaves it open


class _PublicResolver(AbstractResolver):
    """Names that lead to addresses which are not public do not resolve."""

    def __init__(self, local_host: str | None) -> None:
        self._local_host = local_host
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if host != self._local_host and any(_is_local(each["host"]) for each in found):
            raise OSError(f"{host} leads to an address that is not public")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _is_local(host: str) -> bool:
    """Whether a host is, by its own words, not a public one. A name that says nothing is not."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address in NAT64:
            address = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        elif address not in GLOBAL_UNICAST or address.sixtofour or address.teredo:
            return True
    return not address.is_global or address.is_multicast


async def _open(path: Path) -> BinaryIO:
    """For writing; who is cancelled meanwhile leaves no open file behind."""
    opening = asyncio.ensure_future(asyncio.to_thread(path.open, "wb"))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)  # even if this is cancelled once more
        await asyncio.wait([opening])
        raise


def _close(opening: asyncio.Task[BufferedWriter]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _finish(file: BinaryIO, rest: bytes | bytearray) -> None:
    """fsync the file before the database refers to it."""
    file.write(rest)
    file.flush()
    os.fsync(file.fileno())
