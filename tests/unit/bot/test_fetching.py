"""How long a result is tried for: pauses, days, and what is final, on a clock of our own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from bot.media.inspection import inspect
from bot.media.kinds import NotAPictureError, Result
from bot.pipeline.fetching import FETCHING, FILMS_AT_ONCE, Fetcher
from bot.service_limits import DAY_S
from bot.tools.clock import Clock
from providers.base import Done, Media
from providers.download import Downloader
from providers.errors import DownloadError, RecordGoneError, ResultRefusedError
from storage.files import DiskFiles
from storage.items import Item, ItemStatus
from tests.films import mp4
from tests.support import png
from tests.unit.storage.shop import NOW, Shop, open_shop

URL = "https://example.com/1.png"  # of the shop's items
DOWN = DownloadError("HTTP 503", code=503)
GONE = DownloadError("HTTP 404", code=404)
MINUTE_S = 60.0

Answer = bytes | Exception


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path / "bot.db") as shop:
        await shop.customer()
        yield shop


@dataclass
class Hosts(Clock):
    """The provider and its result host: what they answer at a time, and what they were asked."""

    at: Callable[[float, str], Answer]
    urls: Callable[[float], str] = lambda _: URL
    time: float = NOW
    fetched: list[tuple[float, str]] = field(default_factory=list)  # times since NOW
    asked: list[float] = field(default_factory=list)

    async def fetch(self, url: str, path: Path) -> None:
        since = self.time - NOW
        self.fetched.append((since, url))
        answer = self.at(since, url)
        if isinstance(answer, Exception):
            raise answer
        path.write_bytes(answer)  # noqa: ASYNC240 - some bytes

    async def ask(self, _: Item) -> Done:
        self.asked.append(self.time - NOW)
        return Done((self.urls(self.time - NOW),))

    def now(self) -> float:
        return self.time

    steady = now

    async def sleep(self, seconds: float) -> None:
        self.time += seconds

    def touch(self, _: int) -> None:
        """No progress is told."""

    @property
    def pauses(self) -> list[float]:
        times = [at for at, _ in self.fetched]
        return [later - earlier for earlier, later in pairwise(times)]


async def fetch(shop: Shop, tmp_path: Path, hosts: Hosts, **changes: Any) -> Item:
    """The item as it is when it was fetched."""
    fetcher = Fetcher(
        jobs=shop.jobs,
        downloader=cast("Downloader", hosts),
        files=DiskFiles(tmp_path / "files"),
        to_store=False,
        clock=hosts,
    )
    item = await shop.item("ready")
    hosts.time += changes.get("late_s", 0.0)
    picture, kept = await fetcher.result(item, Media.IMAGE, hosts.ask)
    assert picture.path.read_bytes() == png()
    assert await shop.jobs.item(item.item_id) == kept
    return kept


async def test_pauses_grow_to_ten_minutes(shop: Shop, tmp_path: Path) -> None:
    hosts = Hosts(lambda since, _: png() if since > 5 * 3600 else DOWN)
    item = await fetch(shop, tmp_path, hosts)
    for number, pause in enumerate(hosts.pauses):
        assert pause == pytest.approx(min(2 * 2**number, 600), rel=0.11)
    assert item.fetch_attempts == len(hosts.pauses)
    assert not hosts.asked


async def test_an_address_of_yesterday_is_asked_for_anew_once_a_day(
    shop: Shop, tmp_path: Path
) -> None:
    hosts = Hosts(
        lambda _, url: png() if url.endswith("/3") else DOWN,
        urls=lambda since: f"https://example.com/{int(since / DAY_S)}",
    )
    item = await fetch(shop, tmp_path, hosts)
    assert [round(at / DAY_S, 1) for at in hosts.asked] == [1.0, 2.0, 3.0]
    assert item.result_url == "https://example.com/3"


async def test_after_a_long_downtime_a_fresh_address_is_asked_for_at_once(
    shop: Shop, tmp_path: Path
) -> None:
    hosts = Hosts(
        lambda _, url: DOWN if url == URL else png(), urls=lambda _: "https://example.com/2.png"
    )
    await fetch(shop, tmp_path, hosts, late_s=5 * DAY_S)
    assert len(hosts.fetched) == 2


async def test_after_a_fortnight_it_is_over(shop: Shop, tmp_path: Path) -> None:
    """KIE deletes media then, by its own word; nobody waits for ever."""
    hosts = Hosts(lambda _, url: DOWN)
    with pytest.raises(DownloadError):
        await fetch(shop, tmp_path, hosts)
    assert 14 * DAY_S <= hosts.time - NOW <= 14 * DAY_S + 660


async def test_a_clock_that_jumped_ends_nothing_by_itself(shop: Shop, tmp_path: Path) -> None:
    hosts = Hosts(lambda since, _: png() if since > 400 * DAY_S + 2 * MINUTE_S else DOWN)
    await fetch(shop, tmp_path, hosts, late_s=400 * DAY_S)


async def test_a_disk_in_trouble_is_waited_for_without_end(shop: Shop, tmp_path: Path) -> None:
    hosts = Hosts(lambda since, _: png() if since > 20 * DAY_S else OSError(28, "full"))
    await fetch(shop, tmp_path, hosts)


@pytest.mark.parametrize("minutes", [40.0, 100.0])
async def test_what_is_no_picture_for_an_hour_is_none(
    shop: Shop, tmp_path: Path, minutes: float
) -> None:
    hosts = Hosts(lambda since, _: png() if since > minutes * MINUTE_S else b"<html>")
    if minutes * MINUTE_S < FETCHING.believed_s:
        await fetch(shop, tmp_path, hosts)
        return
    with pytest.raises(NotAPictureError):
        await fetch(shop, tmp_path, hosts)
    assert hosts.time - NOW >= FETCHING.believed_s


async def test_an_outage_between_two_pages_is_not_counted(shop: Shop, tmp_path: Path) -> None:
    def at(since: float, _: str) -> Answer:
        if since < MINUTE_S:
            return b"<html>"
        return DOWN if since < 3600 else b"<html>" if since < 3600 + MINUTE_S else png()

    await fetch(shop, tmp_path, Hosts(at))


@pytest.mark.parametrize("minutes", [40.0, 100.0])
async def test_a_refused_address_is_final_after_an_hour(
    shop: Shop, tmp_path: Path, minutes: float
) -> None:
    """A result host in trouble may send everybody round in circles, or to a page of its own."""
    refused = ResultRefusedError("too many redirects")
    hosts = Hosts(lambda since, _: png() if since > minutes * MINUTE_S else refused)
    if minutes * MINUTE_S < FETCHING.believed_s:
        await fetch(shop, tmp_path, hosts)
        return
    with pytest.raises(ResultRefusedError):
        await fetch(shop, tmp_path, hosts)
    assert hosts.time - NOW >= FETCHING.believed_s


async def test_gone_is_what_is_gone_again_after_a_pause(shop: Shop, tmp_path: Path) -> None:
    hosts = Hosts(lambda _, url: GONE)
    with pytest.raises(DownloadError) as caught:
        await fetch(shop, tmp_path, hosts)
    assert caught.value.code == 404
    assert hosts.pauses == [pytest.approx(FETCHING.gone_pause_s, rel=0.11)]
    assert len(hosts.asked) == 1


async def test_addresses_that_are_gone_one_after_another_are_no_storm(
    shop: Shop, tmp_path: Path
) -> None:
    hosts = Hosts(lambda _, url: GONE, urls=lambda since: f"https://example.com/{since}")
    with pytest.raises(DownloadError):
        await fetch(shop, tmp_path, hosts)
    assert hosts.time - NOW > 13 * DAY_S
    assert sum(pause < 500 for pause in hosts.pauses) < 10


async def test_the_provider_s_word_that_there_is_no_task_ends_it(
    shop: Shop, tmp_path: Path
) -> None:
    def nothing(_: float) -> str:
        raise RecordGoneError("recordInfo is null")

    with pytest.raises(RecordGoneError):
        await fetch(shop, tmp_path, Hosts(lambda _, url: GONE, urls=nothing))


async def test_a_damaged_file_on_disk_is_fetched_again(shop: Shop, tmp_path: Path) -> None:
    item = await shop.item("ready")
    kept = await shop.jobs.file_kept(item, "ab/abc.png", to_store=False)
    hosts = Hosts(lambda *_: png())
    fetcher = Fetcher(
        jobs=shop.jobs,
        downloader=cast("Downloader", hosts),
        files=DiskFiles(tmp_path / "files"),
        to_store=False,
    )
    picture, fetched = await fetcher.result(kept, Media.IMAGE, hosts.ask)
    assert picture.path.read_bytes() == png()
    assert fetched.file_key != kept.file_key
    assert fetched.status is ItemStatus.READY
    assert await fetcher.result(fetched, Media.IMAGE, hosts.ask) == (picture, fetched)
    assert len(hosts.fetched) == 1


async def test_few_films_are_looked_at_at_once(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes a process of its own, and after an outage many are fetched together."""
    hosts, looks = Hosts(lambda *_: mp4()), [0]

    async def look(path: Path, media: Media) -> Result:
        looks.append(looks[-1] + 1)
        try:
            return await inspect(path, media)
        finally:
            looks.append(looks[-1] - 1)

    monkeypatch.setattr("bot.pipeline.fetching.inspect", look)
    fetcher = Fetcher(
        jobs=shop.jobs,
        downloader=cast("Downloader", hosts),
        files=DiskFiles(tmp_path / "files"),
        to_store=False,
    )
    items = [await shop.item("ready", message_id=number) for number in range(10, 18)]
    films = await asyncio.gather(*(fetcher.result(item, Media.FILM, hosts.ask) for item in items))
    assert {film.extension for film, _ in films} == {"mp4"}
    assert max(looks) == FILMS_AT_ONCE
