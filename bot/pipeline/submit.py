"""Submission of items: createTask, retried after a 429, and at most once after a lost answer.

The provider has no idempotency key: a create that was not clearly refused may have been accepted.
After a 429 (providers/kie.py tells it from other errors) all creates pause, for Retry-After where
it is said; it counts as no attempt. A 429 to a poll: polling.py.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from stamina import AsyncRetryingCaller

from bot.admin.alerts import Alerts
from bot.pipeline.breaker import LONGEST_PAUSE_S, CircuitBreaker
from bot.pipeline.failures import failure_of
from bot.pipeline.fair_queue import FairQueue
from bot.pipeline.input_pictures import Prepare
from bot.tools.background import to_the_end
from bot.tools.clock import CLOCK, Clock
from bot.tools.rate_limits import RateLimit
from bot.tools.retry import insist
from providers.base import ProviderOf
from providers.errors import NotTakenError, OutcomeUnknownError, ProviderError
from storage.items import WAITING, Item, Job
from storage.jobs import Jobs

MAX_ATTEMPTS = 2  # creates per item that may have made a task; the schema agrees
LOST_PAUSE_S = 10.0  # before a create whose answer was lost is sent once more
MAX_RETRY_AFTER_S = 60.0
REFUSED_PAUSE_S = 2.0  # of all creates after one that was not taken, if the provider names no other
CREATE_RETRY = AsyncRetryingCaller(
    attempts=None, timeout=900.0, wait_initial=2.0, wait_max=30.0, wait_jitter=2.0
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SubmitPolicy:
    """When a create is sent, and repeated."""

    cancel_s: float  # in which an order can surely be cancelled
    lost_pause_s: float = LOST_PAUSE_S
    refused_pause_s: float = REFUSED_PAUSE_S
    retry: AsyncRetryingCaller = CREATE_RETRY


class Gate:
    """The gate of every create: the account's rate limit, and a circuit breaker for each product,
    for models fail alone as well."""

    def __init__(self, limit: RateLimit, new_breaker: Callable[[], CircuitBreaker]) -> None:
        self.limit = limit
        self.breakers: Mapping[str, CircuitBreaker] = defaultdict(new_breaker)

    @asynccontextmanager
    async def request(self, product: str) -> AsyncIterator[None]:
        """Send the create inside, when its turn comes."""
        async with self.limit.held(), self.breakers[product].request():
            yield


class Submit:
    """Creates tasks, item after item from the queue."""

    def __init__(
        self,
        jobs: Jobs,
        queue: FairQueue,
        prepare: Prepare,
        provider_of: ProviderOf,
        gate: Gate,
        alerts: Alerts,
        *,
        policy: SubmitPolicy,
        clock: Clock = CLOCK,
    ) -> None:
        self.queue = queue
        self._jobs = jobs
        self._prepare = prepare
        self._provider_of = provider_of
        self._gate = gate
        self._alerts = alerts
        self._policy = policy
        self._clock = clock

    async def step(self, item: Item) -> None:
        """Create the task of an item: at most one repeat, then an error. What cannot be done yet
        goes back to a queue."""
        if item.status not in WAITING:  # it was queued twice
            return
        if (wait_s := self._wait_s(item)) > 0:
            self._later(item, wait_s)
            return
        if item.attempts >= MAX_ATTEMPTS:  # the last was torn by a crash
            raise OutcomeUnknownError(f"no answer to {MAX_ATTEMPTS} creates")
        view = await self._jobs.view(item.job_id)
        job, provider = view.job, self._provider_of(view.model.product)
        product = view.model.product.key
        urls = self._prepare.pictures.urls_of(job)
        if urls is None:  # one grew old in the queue
            self._prepare.queue.put(item)
            return
        await asyncio.sleep(self._grace_s(job))
        try:
            await self._submit_when_taken(
                item, product, lambda: provider.submit(job.order, picture_urls=urls)
            )
        except OutcomeUnknownError as error:
            item = await self._jobs.item(item.item_id)
            logger.warning("create %d of %d: %s", item.attempts, MAX_ATTEMPTS, error)
            if item.attempts >= MAX_ATTEMPTS:
                raise
            item = await self._jobs.create_lost(item, create_after=self._create_after(product))
            self._later(item, self._wait_s(item))
        except ProviderError as error:
            self._alerts.provider_trouble(provider.name, failure_of(error))
            raise
        else:
            self._alerts.cleared(provider.name)

    def _later(self, item: Item, wait_s: float) -> None:
        """When its person is released at the earliest: it is still in hand."""
        asyncio.get_running_loop().call_later(wait_s, self.queue.put, item)

    def _wait_s(self, item: Item) -> float:
        """Seconds until it may be created once more; none where the clock was put back since."""
        if item.create_after is None or item.attempts >= MAX_ATTEMPTS:
            return 0.0
        wait_s = item.create_after - self._clock.now()
        return wait_s if wait_s <= max(self._policy.lost_pause_s, LONGEST_PAUSE_S) else 0.0

    def _grace_s(self, job: Job) -> float:
        """Seconds in which it can still be cancelled, for sure."""
        left_s = job.created_at + self._policy.cancel_s - self._clock.now()
        return max(0.0, min(left_s, self._policy.cancel_s))  # the clock may have been set

    def _create_after(self, product: str) -> float:
        pause_s = self._gate.breakers[product].pause_s
        return self._clock.now() + max(self._policy.lost_pause_s, pause_s)

    async def _submit_when_taken(
        self, item: Item, product: str, submit: Callable[[], Awaitable[str]]
    ) -> None:
        """Retry while nothing is created (a 429, no connection); a lost answer ends this."""

        async def send() -> None:
            async with self._gate.request(product):
                await to_the_end(self._submit(item, product, submit))

        await self._policy.retry(_pause_after, send)

    async def _submit(self, item: Item, product: str, submit: Callable[[], Awaitable[str]]) -> None:
        """One attempt, counted before it is made; not counted if it certainly created nothing."""
        submitting = await self._jobs.begin_submit(item, create_after=self._create_after(product))
        try:
            task_id = await submit()
        except NotTakenError as error:
            await self._jobs.not_taken(submitting, item)
            pause = error.retry_after_s or self._policy.refused_pause_s
            self._gate.limit.pause(min(pause, MAX_RETRY_AFTER_S))
            raise
        logger.info("task %s created", task_id)
        await insist(lambda: self._jobs.task_created(submitting, task_id))


def _pause_after(error: Exception) -> bool | float:
    """stamina's hook: only what created nothing is sent again, when the provider wants it."""
    if not isinstance(error, NotTakenError):
        return False
    return min(error.retry_after_s, MAX_RETRY_AFTER_S) if error.retry_after_s else True
