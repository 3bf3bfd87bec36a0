"""/metrics over HTTP, as Prometheus reads it, and docs/metrics.md beside it."""

import asyncio
import math
import re
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from bot.web import metrics
from tests.e2e.test_till_buying import offer, outcome
from tests.support import ADMIN, World, open_world, reserved_port

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
MODEL = "midjourney-v7-fast"
OUTSIDE = ("X-Forwarded-For", "Forwarded", "Via")
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Numbers:
    """The answer to one scrape."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = list(text_string_to_metric_families(text))
        self._values: Series = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    def of(self, name: str, **labels: str) -> float:
        """The value of a series; 0 where there is none yet."""
        return self._values.get((f"mjbot_{name}", frozenset(labels.items())), 0.0)

    def sum(self, name: str) -> float:
        return sum(value for (each, _), value in self._values.items() if each == f"mjbot_{name}")

    @property
    def labels(self) -> dict[str, set[str]]:
        """Of each name: its labels. Counters are called as they are asked for."""
        return {
            family.name + ("_total" if family.type == "counter" else ""): {
                label for sample in family.samples for label in sample.labels
            }
            - {"le"}
            for family in self.families
        }


class Prometheus:
    """Reads the numbers of a bot."""

    def __init__(self, world: World, http: aiohttp.ClientSession, url: str) -> None:
        self.world, self._http, self._url = world, http, url

    async def status(self, **headers: str) -> int:
        async with self._http.get(self._url, headers=headers) as answer:
            return answer.status

    async def scrape(self) -> Numbers:
        async with self._http.get(self._url, raise_for_status=True) as answer:
            assert answer.content_type == "text/plain"
            return Numbers(await answer.text())


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Prometheus]:
    """A bot that listens."""
    with reserved_port() as port:
        async with open_world(folder) as world, aiohttp.ClientSession() as http:
            await world.start(http_bind=f"127.0.0.1:{port}")
            await world.telegram.wait_for(lambda: world.telegram.calls_of("getMe"))
            yield Prometheus(world, http, f"http://127.0.0.1:{port}/metrics")


@pytest.fixture
async def prometheus(tmp_path: Path, new_database: Path) -> AsyncIterator[Prometheus]:
    shutil.copy(new_database, tmp_path)
    async with watched(tmp_path) as prometheus:
        yield prometheus


@pytest.fixture
def world(prometheus: Prometheus) -> World:
    """That of the bot that listens."""
    return prometheus.world


async def test_a_purchase_a_picture_and_a_failure_in_numbers(
    world: World, prometheus: Prometheus
) -> None:
    before = world.rows("SELECT coalesce(sum(amount), 0) AS n FROM ledger")[0]["n"]
    assert (await prometheus.scrape()).sum("tokens_total") == 0
    anna = await world.customer(tokens=100)
    anna.stars = 500
    payment = anna.pay(await offer(world, anna))
    assert await outcome(world, payment) == "paid"
    await world.said(anna, lambda text: "395" in text)
    world.telegram.fault("sendChatAction", retry_after=1)
    world.kie.fail_create(429)
    anna.send("рыжая лиса")
    await world.pictures(anna, 1)
    world.kie.fail_task("422", "Invalid prompt")
    anna.send("белый кот")
    await world.said(anna, lambda text: text.startswith("Invalid prompt"))
    world.telegram.person(ADMIN).send(f"/refund {payment.charge_id} жалоба")
    await world.telegram.wait_for(lambda: payment.refunded)
    await world.closed()
    await world.until(lambda: bool(world.rows("SELECT 1 FROM payments WHERE refunded_at > 0")))
    await world.answered()
    told = await prometheus.scrape()

    assert told.of("jobs_total", model=MODEL, result="delivered") == 1
    assert told.of("jobs_total", model=MODEL, result="failed") == 1
    assert told.of("refunds_total", reason="generation_failed") == 1
    assert told.of("job_duration_seconds_count", model=MODEL, stage="total") == 1
    assert told.of("job_duration_seconds_count", model=MODEL, stage="generating") == 1
    assert told.of("kie_credits_spent_total", model=MODEL) == world.kie.tasks[0].credits
    assert told.of("kie_credits") > 0
    assert told.of("kie_requests_total", operation="createTask", code="200") == 2
    assert told.of("kie_requests_total", operation="createTask", code="429") == 1
    assert told.of("kie_request_duration_seconds_count", operation="createTask") == 3
    assert told.of("telegram_requests_total", method="sendPhoto", code="200") == 1
    assert told.of("telegram_requests_total", method="sendChatAction", code="429") == 1
    assert told.of("telegram_retry_after_seconds_total") == 1
    assert told.of("updates_total", type="pre_checkout_query") == 1
    assert told.of("updates_total", type="message") >= 5
    assert told.of("update_duration_seconds_count") == told.sum("updates_total")
    assert told.of("payments_total", provider="stars", result="credited") == 1
    assert told.of("payments_total", provider="stars", result="refunded") == 1
    assert (told.of("stars_total"), told.of("stars_refunded_total")) == (50, 50)
    kinds = ("sold", "spent", "refunded", "granted", "free", "taken_back")
    tokens = {kind: told.of("tokens_total", kind=kind) for kind in kinds}
    assert (tokens["sold"], tokens["taken_back"]) == (395, 395)
    assert (tokens["spent"], tokens["refunded"]) == (2 * 79, 79)
    moved = world.rows("SELECT sum(amount) AS n FROM ledger")[0]["n"] - before
    given = tokens["sold"] + tokens["refunded"] + tokens["granted"] + tokens["free"]
    assert given - tokens["spent"] - tokens["taken_back"] == moved
    assert told.sum("jobs_in_progress") == told.of("oldest_job_age_seconds") == 0
    assert told.of("database_size_bytes") >= (world.data_dir / "bot.db").stat().st_size

    assert told.labels | process(told) == written() | process(told)
    values = {
        value
        for family in told.families
        for sample in family.samples
        for value in sample.labels.values()
    }
    secret = (str(anna.user_id), "лиса", "кот", payment.charge_id)
    assert not [value for value in values if any(word in value for word in secret)]
    assert "_created" not in told.text


def process(told: Numbers) -> dict[str, set[str]]:
    """What prometheus-client tells of any process."""
    return {name: labels for name, labels in told.labels.items() if name.startswith("process_")}


def written() -> dict[str, set[str]]:
    """The page's table: names with their labels."""
    rows = re.findall(
        r"^\| `(mjbot_\w+)` \|([^|]*)\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def test_the_page_s_alerts_ask_for_what_there_is() -> None:
    rules = PAGE.read_text(encoding="utf-8").partition("## Alerts")[2]
    asked = re.findall(r"(mjbot_\w+)(?:\{([^}]*)\})?", rules)
    assert len(asked) >= 8
    for name, labels in asked:
        assert set(re.findall(r"(\w+)\s*=", labels)) <= written()[name], name


async def test_what_came_through_a_proxy_is_told_that_there_is_nothing(
    prometheus: Prometheus,
) -> None:
    assert await prometheus.status() == 200
    assert [await prometheus.status(**{each: "10.0.0.1"}) for each in OUTSIDE] == [404] * 3


async def test_the_books_are_told_once_they_were_checked(
    world: World, prometheus: Prometheus
) -> None:
    assert math.isnan((await prometheus.scrape()).of("ledger_mismatch"))
    admin = world.telegram.person(ADMIN)
    admin.send("/audit")
    await world.said(admin, lambda text: text.startswith("✅ Проверено"))
    assert (await prometheus.scrape()).of("ledger_mismatch") == 0


async def test_what_waits_is_told_with_its_age(world: World, prometheus: Prometheus) -> None:
    anna = await world.customer()
    world.kie.task_seconds = 3600
    anna.send("кот --n 2")
    await world.until(lambda: len(world.kie.tasks) == 2)
    await world.write("UPDATE jobs SET created_at = created_at - 1000")
    told = await prometheus.scrape()
    assert told.sum("jobs_in_progress") == 2
    assert 1000 <= told.of("oldest_job_age_seconds") < 1100


async def test_tokens_are_counted_once_however_many_ask(
    world: World, prometheus: Prometheus
) -> None:
    anna = await world.customer()
    asking = asyncio.gather(*(prometheus.scrape() for _ in range(20)))
    for number in range(5):
        anna.send(f"кот {number}")
    await asking
    await world.pictures(anna, 5)
    await world.closed()
    told = [await prometheus.scrape() for _ in range(2)]
    assert [each.of("tokens_total", kind="spent") for each in told] == [5 * 79] * 2


async def test_people_are_served_while_the_numbers_are_written(
    world: World, prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(_: CollectorRegistry) -> bytes:
        begun.set()
        assert go_on.wait(30)
        return b""

    monkeypatch.setattr(metrics, "choose_encoder", lambda _: (slowly, "text/plain"))
    anna = await world.customer()
    asking = asyncio.create_task(prometheus.status())
    await world.until(begun.is_set)
    anna.send("кот")
    await world.pictures(anna, 1)
    go_on.set()
    assert await asking == 200


async def test_two_bots_in_one_process_share_no_number(
    prometheus: Prometheus, tmp_path: Path, new_database: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(new_database, other)
    async with watched(other) as second:
        boris = await second.world.customer(1002, "Борис")
        boris.send("кот")
        await second.world.pictures(boris, 1)
        await second.world.closed()
        theirs, ours = await second.scrape(), await prometheus.scrape()
    assert theirs.of("jobs_total", model=MODEL, result="delivered") == 1
    assert ours.sum("jobs_total") == ours.sum("tokens_total") == 0
    assert ours.of("kie_requests_total", operation="createTask", code="200") == 0
