"""The numbers that Prometheus reads: their names, and who counts what (docs/metrics.md).

Whoever does something tells of it here, and knows nothing of Prometheus. What is a state and no
event is set when somebody reads: bot/web/metrics.py. No label holds a person, a chat or a prompt.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from bot.tools.clock import CLOCK, Clock
from storage.announcements import Announcement, Moved, Placed
from storage.items import Item, ItemStatus
from storage.ledger import Booked
from storage.payment_orders import STARS
from storage.payment_refunds import Refunded
from storage.payments import Payment, Problem

JOB_S = (5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800)
REQUEST_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
UPDATE_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TOTAL = "total"  # the stage from the prompt to the chat
OPEN_STAGES = tuple(status for status in ItemStatus if not status.ended)
ENDS = {ItemStatus.GENERATING: "queued", ItemStatus.READY: "generating"}  # the stage before it
NO_ANSWER = "none"
OTHER = "other"  # codes that are none of HTTP's and KIE's
CODES = range(100, 600)

# The ledger's kinds, as storage/stats.py has them; what takes is apart: a counter only grows.
GIVEN = {
    "purchase": "sold",
    "payment_refund_undo": "sold",
    "refund": "refunded",
    "grant": "granted",
    "welcome": "free",
    "daily": "free",
    "promo": "free",
    "referral": "free",
}
TAKEN = {"charge": "spent", "payment_refund": "taken_back", "referral_undo": "taken_back"}
TAKEN |= {"grant": "taken_back"}
TOKEN_KINDS = ("sold", "spent", "refunded", "granted", "free", "taken_back")
PAYMENT_RESULTS = ("credited", *Problem, "refunded", "refund_failed")

leave_out_created: Callable[[], None] = disable_created_metrics
leave_out_created()  # a second series for each


@dataclass(slots=True)
class _Path:
    """An open item: when it was placed, if that was in this process, and when its stage began."""

    placed_at: float | None
    since: float


class Metrics:
    """Counts in a registry of its own: several bots in one process share nothing."""

    def __init__(self, version: str, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._paths: dict[int, _Path] = {}  # by item
        self.registry = CollectorRegistry()
        counter = partial(Counter, namespace="mjbot", registry=self.registry)
        gauge = partial(Gauge, namespace="mjbot", registry=self.registry)
        seconds = partial(Histogram, namespace="mjbot", registry=self.registry)
        Info("build", "The program.", namespace="mjbot", registry=self.registry).info(
            {"version": version}
        )
        ProcessCollector(registry=self.registry)

        self._updates = counter("updates_total", "Updates from Telegram.", ["type"])
        self._update_s = seconds(
            "update_duration_seconds", "Handling of an update.", buckets=UPDATE_S
        )
        self._telegram = counter(
            "telegram_requests_total", "Requests to Telegram.", ["method", "code"]
        )
        self._retry_after = counter(
            "telegram_retry_after_seconds_total", "Pauses that Telegram asked for."
        )
        self._kie = counter("kie_requests_total", "Requests to KIE.", ["operation", "code"])
        self._kie_s = seconds(
            "kie_request_duration_seconds", "A request to KIE.", ["operation"], buckets=REQUEST_S
        )
        self._credits_spent = counter(
            "kie_credits_spent_total", "Credits that KIE says its tasks took.", ["model"]
        )
        self.kie_credits = gauge("kie_credits", "Credits left, when KIE was last asked.")

        self._jobs = counter("jobs_total", "Items that ended.", ["model", "result"])
        self._job_s = seconds(
            "job_duration_seconds", "Stages of delivered items.", ["model", "stage"], buckets=JOB_S
        )
        self.jobs_in_progress = gauge("jobs_in_progress", "Unfinished items.", ["stage"])
        self.oldest_job_age = gauge(
            "oldest_job_age_seconds", "Age of the oldest unfinished item; 0: there is none."
        )
        self._refunds = counter("refunds_total", "Items whose tokens were given back.", ["reason"])

        self._payments = counter("payments_total", "Payments.", ["provider", "result"])
        self._stars = counter("stars_total", "Stars that were paid.")
        self._stars_back = counter("stars_refunded_total", "Stars that went back.")
        self._tokens = counter("tokens_total", "Tokens that moved.", ["kind"])

        self.database_size = gauge("database_size_bytes", "The database on the disk.")
        self.last_backup = gauge(
            "backup_last_success_timestamp_seconds", "When the last good backup was made."
        )
        self._ledger_mismatch = gauge(
            "ledger_mismatch", "Rules of the books that were broken at the last check; must be 0."
        )
        self._begin()

    def _begin(self) -> None:
        """Begin at 0 what can be named beforehand, so that its first event is a growth; and with
        no number what nobody has read yet."""
        for kind in TOKEN_KINDS:
            self._tokens.labels(kind)
        for result in PAYMENT_RESULTS:
            self._payments.labels(STARS, result)
        for stage in OPEN_STAGES:
            self.jobs_in_progress.labels(stage)
        for unknown in (self.kie_credits, self.last_backup, self._ledger_mismatch):
            unknown.set(math.nan)

    def update_handled(self, kind: str, seconds: float) -> None:
        """An update of that kind was handled."""
        self._updates.labels(kind).inc()
        self._update_s.observe(seconds)

    def telegram_answered(self, method: str, code: int | None, retry_after_s: float) -> None:
        """A request to Telegram ended; without a code, there was no answer."""
        self._telegram.labels(method, _code(code)).inc()
        self._retry_after.inc(retry_after_s)

    def kie_answered(self, operation: str, code: int | None, seconds: float) -> None:
        """A request to KIE ended; the code is KIE's own, and without one there was no answer."""
        self._kie.labels(operation, _code(code)).inc()
        self._kie_s.labels(operation).observe(seconds)

    def hear(self, news: Announcement) -> None:
        """Follow items from the prompt to their end."""
        match news:
            case Placed(items=items, new=True):
                now = self._clock.steady()
                self._paths |= {item.item_id: _Path(now, now) for item in items}
            case Moved(before=before, after=after, model=model):
                if before.credits is None and after.credits is not None:
                    self._credits_spent.labels(model).inc(after.credits)
                if after.status is not before.status:
                    self._move(after, model)

    def _move(self, item: Item, model: str) -> None:
        if item.status.ended:
            self._end(item, model)
        elif (stage := ENDS.get(item.status)) is not None:
            now, path = self._clock.steady(), self._paths.get(item.item_id)
            if path is None:  # an earlier process began it
                self._paths[item.item_id] = _Path(None, now)
            else:
                self._job_s.labels(model, stage).observe(now - path.since)
                path.since = now

    def _end(self, item: Item, model: str) -> None:
        path = self._paths.pop(item.item_id, None)
        self._jobs.labels(model, item.status).inc()
        if item.status is not ItemStatus.DELIVERED:
            self._refunds.labels(item.failure or item.status).inc()
        elif path is not None:
            now = self._clock.steady()
            self._job_s.labels(model, "ready").observe(now - path.since)
            if path.placed_at is not None:
                self._job_s.labels(model, TOTAL).observe(now - path.placed_at)

    def paid(self, payment: Payment) -> None:
        """A payment was booked, for the first time."""
        self._payments.labels(payment.gateway, payment.problem or "credited").inc()
        if payment.gateway == STARS:
            self._stars.inc(payment.amount)

    def money_back(self, refunded: Refunded) -> None:
        """A refund of a payment has ended."""
        payment, done = refunded.payment, refunded.refund.state == "done"
        self._payments.labels(payment.gateway, "refunded" if done else "refund_failed").inc()
        if done and payment.gateway == STARS:
            self._stars_back.inc(payment.amount)

    def books_checked(self, broken: int) -> None:
        """The books were checked; so many rows break a rule."""
        self._ledger_mismatch.set(broken)

    def booked(self, booked: Booked) -> None:
        """Entries of the ledger that were not counted before."""
        for kind, tokens in booked.given.items():
            self._tokens.labels(GIVEN[kind]).inc(tokens)
        for kind, tokens in booked.taken.items():
            self._tokens.labels(TAKEN[kind]).inc(tokens)


def _code(code: int | None) -> str:
    """A code as a label: few, whatever a server makes up."""
    if code is None:
        return NO_ANSWER
    return str(code) if code in CODES else OTHER
