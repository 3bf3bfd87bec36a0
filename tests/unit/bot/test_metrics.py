"""What is counted of what happens; over HTTP: tests/e2e/test_metrics.py."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.admin.metrics import GIVEN, TAKEN, Metrics
from tests.unit.bot.fake_clock import FakeClock
from tests.unit.storage.shop import SLUG, Shop, open_shop

Number = Callable[..., float | None]


class Hand(FakeClock):
    """A clock that is set by hand."""

    def set(self, seconds: float) -> None:
        self._now = seconds


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def metrics(clock: Hand) -> Metrics:
    return Metrics("1.2.3", clock)


@pytest.fixture
async def shop(tmp_path: Path, new_database: Path, metrics: Metrics) -> AsyncIterator[Shop]:
    shutil.copy(new_database, tmp_path)
    async with open_shop(tmp_path / "bot.db") as shop:
        shop.jobs.listen(metrics.hear)
        await shop.customer()
        yield shop


@pytest.fixture
def number(metrics: Metrics) -> Number:
    def of(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"mjbot_{name}", labels)

    return of


def stage(number: Number, name: str) -> float | None:
    return number("job_duration_seconds_sum", model=SLUG, stage=name)


async def test_each_stage_lasts_until_the_next_one(shop: Shop, clock: Hand, number: Number) -> None:
    placed = await shop.place()
    assert placed is not None
    clock.set(3)
    item = await shop.walk(placed.items[0], "generating")
    clock.set(40)
    item = await shop.jobs.result_ready(item, "https://example.com/1.png", credits=8.0)
    clock.set(41)
    item = await shop.jobs.file_kept(item, "k", to_store=False)
    assert stage(number, "ready") is None
    clock.set(42)
    await shop.jobs.delivered(item, 500)
    times = [stage(number, each) for each in ("queued", "generating", "ready", "total")]
    assert times == [3, 37, 2, 42]
    assert number("jobs_total", model=SLUG, result="delivered") == 1
    assert number("kie_credits_spent_total", model=SLUG) == 8


async def test_what_an_earlier_process_began_has_no_stage_before_the_next(
    shop: Shop, clock: Hand, number: Number, metrics: Metrics
) -> None:
    item = await shop.item()
    later = Metrics("1.2.3", clock)
    shop.jobs.listen(later.hear)
    await shop.jobs.replay()
    clock.set(3)
    item = await shop.walk(item, "generating")
    clock.set(40)
    item = await shop.jobs.result_ready(item, "https://example.com/1.png")
    await shop.jobs.delivered(item, 500)
    counted = {
        sample.labels["stage"]: sample.value
        for family in later.registry.collect()
        for sample in family.samples
        if sample.name == "mjbot_job_duration_seconds_sum"
    }
    assert counted == {"generating": 37, "ready": 0}
    assert stage(number, "total") == 40  # of who saw it placed


async def test_what_gives_no_picture_is_counted_by_its_reason(
    shop: Shop, number: Number, clock: Hand
) -> None:
    await shop.item("failed")
    await shop.item(message_id=11)
    await shop.jobs.cancel(1)
    assert number("jobs_total", model=SLUG, result="failed") == 1
    assert number("jobs_total", model=SLUG, result="cancelled") == 1
    assert number("refunds_total", reason="no_answer") == 1
    assert number("refunds_total", reason="cancelled") == 1
    assert stage(number, "total") is None


async def test_every_kind_of_the_ledger_has_a_name_in_the_numbers(shop: Shop) -> None:
    for row in await shop.rows("SELECT kind, sign FROM ledger_kinds"):
        assert row["sign"] < 0 or row["kind"] in GIVEN
        assert row["sign"] > 0 or row["kind"] in TAKEN


def test_codes_that_a_server_makes_up_are_one(metrics: Metrics, number: Number) -> None:
    for code in (200, 429, 7, -1, 10**9, None):
        metrics.kie_answered("createTask", code, 0.1)
    told = {
        code: number("kie_requests_total", operation="createTask", code=code)
        for code in ("200", "429", "other", "none")
    }
    assert told == {"200": 1, "429": 1, "other": 3, "none": 1}
