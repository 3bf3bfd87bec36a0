"""Fetching results: from the right places, of the right size, in time.

Nothing leaves the machine: names are not looked up outside it.
"""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from bot.demo.kie import KieSimulator
from providers import download
from providers.download import MAX_REDIRECTS, Downloader
from providers.errors import DownloadError, ResultRefusedError

PUBLIC = "https://api.kie.ai"
MAX_BYTES = 100_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def opened(
    provider_url: str = PUBLIC, *, timeout_s: float = 5
) -> AbstractAsyncContextManager[Downloader]:
    return Downloader.open(
        provider_url=provider_url, max_bytes=MAX_BYTES, total_timeout_s=timeout_s
    )


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server on loopback that answers everything so; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/")).rstrip("/")


async def fetched(handler: Handler, path: Path, *, timeout_s: float = 5) -> None:
    """Fetch from a provider that is local."""
    async with serving(handler) as url, opened(url, timeout_s=timeout_s) as downloader:
        await downloader.fetch(f"{url}/1.png", path)


def data_at(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "picture"


class NoResolver(AbstractResolver):
    """Nothing is looked up outside; the addresses that a name has are given beforehand."""

    addresses: dict[str, str] = {}  # noqa: RUF012 - set by the test
    asked: list[str] = []  # noqa: RUF012

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.addresses:
            raise OSError(f"{host} is not known")
        return [
            ResolveResult(
                hostname=host,
                host=self.addresses[host],
                port=port,
                family=family,
                proto=0,
                flags=0,
            )
        ]

    async def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> type[NoResolver]:
    monkeypatch.setattr(NoResolver, "addresses", {})
    monkeypatch.setattr(NoResolver, "asked", [])
    monkeypatch.setattr(download, "DefaultResolver", NoResolver)
    return NoResolver


# --- What comes


async def test_a_result_is_written(path: Path) -> None:
    body = bytes(range(256)) * 300
    agents = []

    async def handle(request: web.Request) -> web.Response:
        agents.append(request.headers["User-Agent"])
        return web.Response(body=body)

    await asyncio.to_thread(path.write_bytes, b"what was here before" * 10_000)
    await fetched(handle, path)
    assert data_at(path) == body
    (agent,) = agents
    assert agent.startswith("Mozilla/5.0")
    assert "python" not in agent.lower()


async def test_the_simulator_s_result_host(path: Path) -> None:
    async with KieSimulator.start() as kie, opened(kie.url) as downloader:
        kie.task_seconds = 0
        kie.next_result(data=b"a picture")
        task = kie.create("midjourney/v6-text-to-image", {"prompt": "x", "aspect_ratio": "1:1"})
        await downloader.fetch(task.result_urls[0], path)
        assert data_at(path) == b"a picture"
        kie.fault("result", cut_after_effect=True)
        with pytest.raises(DownloadError):
            await downloader.fetch(task.result_urls[0], path)


@pytest.mark.parametrize("status", [204, 206, 304, 403, 404, 410, 500, 502])
async def test_another_status_is_a_failure_of_this_time(path: Path, status: int) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status)

    with pytest.raises(DownloadError) as caught:
        await fetched(handle, path)
    assert type(caught.value) is DownloadError
    assert caught.value.code == status
    assert data_at(path) is None


async def test_an_empty_file_is_a_failure_of_this_time(path: Path) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=b"")

    with pytest.raises(DownloadError, match="empty") as caught:
        await fetched(handle, path)
    assert not isinstance(caught.value, ResultRefusedError)


@pytest.mark.parametrize("chunked", [False, True], ids=["told", "untold"])
@pytest.mark.parametrize(("size", "taken"), [(MAX_BYTES, True), (MAX_BYTES + 1, False)])
async def test_the_size_cap(path: Path, chunked: bool, size: int, taken: bool) -> None:
    async def handle(_: web.Request) -> web.Response:
        response = web.Response(body=b"x" * size)
        if chunked:
            response.enable_chunked_encoding()
        return response

    if taken:
        await fetched(handle, path)
        assert data_at(path) == b"x" * size
        return
    with pytest.raises(ResultRefusedError, match="larger"):
        await fetched(handle, path)
    assert chunked or data_at(path) is None, "what is told to be too large is not begun"
    assert len(data_at(path) or b"") <= MAX_BYTES


async def test_what_is_small_on_the_wire_only_is_refused(path: Path) -> None:
    async def handle(_: web.Request) -> web.Response:
        response = web.Response(body=b"\0" * 20 * MAX_BYTES)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    with pytest.raises(ResultRefusedError, match="larger"):
        await fetched(handle, path)
    assert len(data_at(path) or b"") <= MAX_BYTES


async def test_a_body_without_end_is_refused(path: Path) -> None:
    async with KieSimulator.start() as kie, opened(kie.url) as downloader:
        kie.task_seconds = 0
        kie.next_result(endless=True)
        task = kie.create("midjourney/v6-text-to-image", {"prompt": "x", "aspect_ratio": "1:1"})
        with pytest.raises(ResultRefusedError, match="larger"):
            await downloader.fetch(task.result_urls[0], path)
    assert len(data_at(path) or b"") <= MAX_BYTES


async def test_a_drip_does_not_outlast_the_total(path: Path) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:  # never silent for long, and never done
                await response.write(b"x")
                await asyncio.sleep(0.01)
        except ConnectionError:
            return response

    async with asyncio.timeout(3):
        with pytest.raises(DownloadError) as caught:
            await fetched(handle, path, timeout_s=0.1)
    assert isinstance(caught.value.__cause__, TimeoutError)


async def test_a_body_that_breaks_off(path: Path) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    with pytest.raises(DownloadError) as caught:
        await fetched(handle, path)
    assert not isinstance(caught.value, ResultRefusedError), "it may help to try again"


# --- Where it comes from

# Addresses that are not public, in forms that carry one of IPv4 in one of IPv6.
DISGUISED = [
    "64:ff9b::10.0.0.1",  # NAT64
    "64:ff9b::169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::10.0.0.1",  # NAT64 of a network's own
    "64:ff9b:1:fffe::a00:1",
    "2002:a00:1::1",  # 6to4
    "2002:7f00:1::",
    "2002:a9fe:a9fe::a9fe:a9fe",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo
    "::10.0.0.1",  # IPv4-compatible
    "::ffff:0:10.0.0.1",  # IPv4-translated
    "fec0::1",  # site-local, of old
    "ff0e::1",  # multicast
    "100::1",  # discard
]
NOT_PUBLIC = [
    "https://127.0.0.1/x.png",
    "https://224.0.0.1/x.png",
    "https://127.8.9.10/x.png",
    "https://0.0.0.0/x.png",
    "https://10.0.0.1/x.png",
    "https://172.16.0.1/x.png",
    "https://192.168.1.1/x.png",
    "https://100.64.0.1/x.png",
    "https://169.254.169.254/latest/meta-data/",
    "https://255.255.255.255/x.png",
    "https://[::1]/x.png",
    "https://[::]/x.png",
    "https://[fe80::1]/x.png",
    "https://[fd00::1]/x.png",
    "https://[::ffff:127.0.0.1]/x.png",
    "https://[::ffff:a9fe:a9fe]/x.png",
    "https://[::ffff:10.0.0.1]/x.png",
    *(f"https://[{address}]/x.png" for address in DISGUISED),
    "https://localhost/x.png",
    "https://LOCALHOST/x.png",
    "https://a.localhost/x.png",
    "https://printer.local/x.png",
    "https://metadata.google.internal/x.png",
    "https://user:password@127.0.0.1/x.png",
]
NOT_HTTPS = [
    "http://example.com/x.png",
    "http://127.0.0.1/x.png",
    "ftp://example.com/x.png",
    "file:///etc/passwd",
    "//example.com/x.png",
    "x.png",
    "",
]


@pytest.mark.parametrize("url", [*NOT_PUBLIC, *NOT_HTTPS])
async def test_refused_before_anything_is_sent(
    path: Path, url: str, resolver: type[NoResolver]
) -> None:
    async with opened() as downloader:
        with pytest.raises(ResultRefusedError):
            await downloader.fetch(url, path)
    assert resolver.asked == []
    assert data_at(path) is None


@pytest.mark.parametrize(
    "url", ["https://", "https://[::1", "https://exa mple.com/x", "https://a:b/"]
)
async def test_what_is_no_address(path: Path, url: str) -> None:
    async with opened() as downloader:
        with pytest.raises(DownloadError):
            await downloader.fetch(url, path)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1", "::ffff:10.0.0.1", *DISGUISED],
)
async def test_a_name_that_leads_to_an_address_that_is_not_public(
    path: Path, address: str, resolver: type[NoResolver]
) -> None:
    resolver.addresses["pictures.example.com"] = address
    async with opened() as downloader:
        with pytest.raises(DownloadError, match="not public"):
            await downloader.fetch("https://pictures.example.com/x.png", path)
    assert resolver.asked == ["pictures.example.com"]


@pytest.mark.parametrize(
    "address", ["2606:4700::6810:84e5", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "8.8.8.8"]
)
def test_a_public_address_is_one_behind_nat64_as_well(address: str) -> None:
    assert not download._is_local(address)  # noqa: SLF001


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost.", "127.0.0.1."])
async def test_other_spellings_of_loopback(
    path: Path, host: str, resolver: type[NoResolver]
) -> None:
    # As the system's resolver reads them; aiohttp refuses some of them itself.
    for spelling in (host, host.rstrip(".")):
        resolver.addresses[spelling] = "127.0.0.1"
    async with opened() as downloader:
        with pytest.raises(DownloadError, match=r"not public|not a canonical"):
            await downloader.fetch(f"https://{host}/x.png", path)


async def test_a_name_that_is_not_known(path: Path) -> None:
    async with opened() as downloader:
        with pytest.raises(DownloadError) as caught:
            await downloader.fetch("https://pictures.example.com/x.png", path)
    assert not isinstance(caught.value, ResultRefusedError), "it may be known later"


# --- A local provider


async def test_a_local_provider_s_results_may_be_plain_http(path: Path) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(text=request.path)

    # The result host has a port of its own.
    async with serving(handle) as url, opened("http://127.0.0.1:1") as downloader:
        await downloader.fetch(f"{url}/r/1.png", path)
    assert data_at(path) == b"/r/1.png"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2/x.png", "http://10.0.0.1/x", "https://[::1]/x", "http://localhost/x"]
)
async def test_and_nothing_else_that_is_not_public(path: Path, url: str) -> None:
    async with opened("http://127.0.0.1:1") as downloader:
        with pytest.raises(ResultRefusedError):
            await downloader.fetch(url, path)


async def test_a_private_provider_by_name(path: Path, resolver: type[NoResolver]) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    resolver.addresses["localhost"] = "127.0.0.1"
    resolver.addresses["pictures.example.com"] = "127.0.0.1"
    async with serving(handle) as url, opened("http://localhost:8080") as downloader:
        await downloader.fetch(url.replace("127.0.0.1", "localhost"), path)
        assert data_at(path) == b"hello"
        with pytest.raises(DownloadError, match="not public"):
            await downloader.fetch("https://pictures.example.com/x.png", path)


# --- Redirects


def redirecting(*locations: str) -> tuple[Handler, list[str]]:
    """Sends on from one to the next of these, then answers; and what it was asked."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        if len(asked) > len(locations):
            return web.Response(text="here")
        return web.Response(status=302, headers={"Location": locations[len(asked) - 1]})

    return handle, asked


async def test_redirects_are_followed(path: Path) -> None:
    handler, asked = redirecting("/a", "b/c", "../d")
    await fetched(handler, path)
    assert data_at(path) == b"here"
    assert asked == ["/1.png", "/a", "/b/c", "/d"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_each_kind_of_redirect(path: Path, status: int) -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.path == "/1.png":
            return web.Response(status=status, headers={"Location": "/2.png"})
        return web.Response(text=request.method)

    await fetched(handle, path)
    assert data_at(path) == b"GET"


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/x.png",
        "https://[::ffff:192.168.0.1]/x.png",
        *(f"https://[{address}]/x.png" for address in DISGUISED),
        "http://example.com/x.png",
        "//10.0.0.1/x.png",
        "file:///etc/passwd",
    ],
)
async def test_each_hop_is_checked(path: Path, location: str, resolver: type[NoResolver]) -> None:
    handler, asked = redirecting("/a", location)
    with pytest.raises(ResultRefusedError):
        await fetched(handler, path)
    assert asked == ["/1.png", "/a"]
    assert resolver.asked == []


async def test_a_hop_to_a_name_that_is_not_public(path: Path, resolver: type[NoResolver]) -> None:
    resolver.addresses["pictures.example.com"] = "10.0.0.1"
    handler, _ = redirecting("https://pictures.example.com/x.png")
    with pytest.raises(DownloadError, match="not public"):
        await fetched(handler, path)


async def test_so_many_redirects_and_no_more(path: Path) -> None:
    handler, asked = redirecting(*[f"/{number}" for number in range(MAX_REDIRECTS)])
    await fetched(handler, path)
    assert len(asked) == MAX_REDIRECTS + 1
    handler, asked = redirecting(*["/again"] * 100)
    with pytest.raises(ResultRefusedError, match="too many"):
        await fetched(handler, path)
    assert len(asked) == MAX_REDIRECTS + 1


async def test_a_redirect_to_nowhere(path: Path) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=302)

    with pytest.raises(ResultRefusedError, match="too many"):
        await fetched(handle, path)


async def test_who_is_cancelled_while_the_file_is_opened_leaves_none_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    opened: list[BinaryIO] = []
    open_file = Path.open

    def slow(path: Path, mode: str) -> BinaryIO:
        begun.set()
        go_on.wait(10)
        opened.append(cast("BinaryIO", open_file(path, mode)))
        return opened[0]

    monkeypatch.setattr(Path, "open", slow)
    task = asyncio.create_task(download._open(tmp_path / "x"))  # noqa: SLF001
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert opened[0].closed


async def test_who_is_cancelled_at_the_end_leaves_no_file_open(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However busy the threads are: at a stop many are cancelled, and all wait for one."""
    opened: list[BinaryIO] = []
    loop = asyncio.get_running_loop()

    def note(path: Path, mode: str) -> BinaryIO:
        opened.append(cast("BinaryIO", open_file(path, mode)))
        return opened[0]

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        await never.wait()
        return response

    open_file, never, go_on = Path.open, asyncio.Event(), threading.Event()
    monkeypatch.setattr(Path, "open", note)
    fetching = asyncio.create_task(fetched(handle, path))
    while not opened:  # noqa: ASYNC110 - a thread's doing
        await asyncio.sleep(0.01)
    threads = [loop.run_in_executor(None, go_on.wait, 60) for _ in range(64)]
    for _ in range(2):
        fetching.cancel()
        await asyncio.sleep(0)
    go_on.set()
    never.set()
    await asyncio.gather(fetching, *threads, return_exceptions=True)
    assert opened[0].closed
