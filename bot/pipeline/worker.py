"""The worker: takes each item from charged to delivered, or to failed and refunded.

An input picture is prepared before its job is queued, so that text prompts do not wait for it.
Each step is stored before the next begins, so that a restart resumes where the last run stopped:
a task that the provider took is never created again, and a fetched result is sent.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.admin.alerts import Alerts
from bot.logs import log_context
from bot.media.kinds import InputError, NotAResultError
from bot.pipeline.failures import failure_of
from bot.pipeline.fair_queue import FairQueue
from bot.pipeline.finish import Delivery, Results
from bot.pipeline.input_pictures import Prepare
from bot.pipeline.submit import Submit
from bot.service_limits import KIE_CREATES
from bot.telegram.errors import ChatClosedError
from bot.tools.background import to_the_end
from bot.tools.retry import insist
from providers.errors import ProviderError
from storage.announcements import Announcement, Moved, Placed
from storage.errors import StaleItemError
from storage.failures import Failure, FailureKind
from storage.items import WAITING, Item, ItemStatus
from storage.jobs import Jobs
from storage.journal import Act
from storage.people import People

SUBMITTERS = KIE_CREATES  # as many as the account's limit lets through at once
PREPARERS = 8  # people whose pictures are fetched, converted and uploaded at once

Step = Callable[[Item], Awaitable[None]]
logger = logging.getLogger(__name__)


class Worker:
    """Takes each item from step to step, and ends it properly whatever a step raises."""

    def __init__(
        self,
        jobs: Jobs,
        people: People,
        alerts: Alerts,
        prepare: Prepare,
        submit: Submit,
        results: Results,
        delivery: Delivery,
    ) -> None:
        self._jobs = jobs
        self._people = people
        self._alerts = alerts
        self._prepare = prepare
        self._submit = submit
        self._results = results
        self._delivery = delivery
        self._created: asyncio.Queue[Item] = asyncio.Queue()
        self._finishing: set[int] = set()  # items that are at the provider, or further
        self._wanted: set[int] = set()  # of these, what was announced once more
        self._sending: set[int] = set()  # items whose result may be on its way into the chat
        self._given_up: set[int] = set()  # items that an admin ended

    def hear(self, news: Announcement) -> None:
        """Queue items that are at the provider, or further, to be finished."""
        match news:
            case Placed(items=items):
                for item in items:
                    if not (item.status in WAITING or item.status.ended):
                        self._go_on(item)
            case Moved(after=item) if item.status is ItemStatus.GENERATING:
                self._go_on(item)

    def _go_on(self, item: Item) -> None:
        if item.item_id in self._finishing:
            self._wanted.add(item.item_id)
            return
        self._finishing.add(item.item_id)
        self._created.put_nowait(item)

    async def run(self) -> None:
        """Run all steps until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(SUBMITTERS):
                group.create_task(self._serve(self._submit.queue, self._submit.step))
            for _ in range(PREPARERS):
                group.create_task(self._serve(self._prepare.queue, self._prepare.step))
            while True:
                group.create_task(self._walk_to_end(await self._created.get()))

    async def give_up(self, item_id: int, act: Act) -> Item | None:
        """End an item that hangs, and refund it; None, and nothing changed: its picture is on
        its way into the chat, or it has ended. Its walk ends at its next step.

        Raises:
            LookupError: there is no such item.
        """
        if item_id in self._sending:
            return None
        self._given_up.add(item_id)  # before anything is awaited: from here on it is not sent
        try:
            item = await self._jobs.item(item_id)
            return await self._jobs.fail(item, FailureKind.GIVEN_UP, "", act=act)
        except BaseException as error:
            self._given_up.discard(item_id)
            if isinstance(error, StaleItemError):
                return None
            raise
        finally:
            if item_id not in self._finishing:  # it has no walk that could send it
                self._given_up.discard(item_id)

    async def _serve(self, queue: FairQueue, step: Step) -> None:
        while True:
            item = await queue.take()
            try:
                await self._guard(item, step)
            finally:
                queue.release(item.user_id)

    async def _walk_to_end(self, item: Item) -> None:
        number = item.item_id
        try:
            await self._guard(item, self._finish)
        finally:
            self._finishing.discard(number)
            self._given_up.discard(number)
        if number in self._wanted:  # its person came back while this found them away, say
            self._wanted.discard(number)
            self._go_on(item)

    async def _guard(self, item: Item, step: Step) -> None:
        """The boundary: whatever a step ends with, the item ends delivered, refunded or kept.

        Nothing is raised but CancelledError: what leaves it would stop the bot.
        """
        with log_context(job=item.job_id, item=item.item_id):
            try:
                await insist(lambda: self._attempt(item.item_id, step))
            except Exception as error:  # noqa: BLE001 - it is logged there
                await self._end(item, error)

    async def _attempt(self, item_id: int, step: Step) -> None:
        # What is stored is the truth: the item may have moved since it was queued.
        item = await self._jobs.item(item_id)
        if item.status.ended:
            return
        try:
            await step(item)
        except StaleItemError as error:
            logger.info("%s", error)

    async def _end(self, item: Item, error: Exception) -> None:
        """Fail and refund an item for an error; what cannot be stored waits for the next start."""
        try:
            failure = failure_of(error)
            if isinstance(error, ProviderError | NotAResultError | InputError):
                logger.warning("failed and refunded: %s: %s", failure.kind, error)
            else:
                logger.error("failed and refunded: %s", failure.kind, exc_info=error)
                self._alerts.fault(item.item_id, error)
            if isinstance(error, InputError):  # the others start from the same picture
                await insist(
                    lambda: self._jobs.fail_waiting(item.job_id, failure.kind, failure.detail)
                )
            await insist(lambda: self._fail(item.item_id, failure))
        except Exception:
            logger.critical("the outcome cannot be stored as it is", exc_info=True)
            try:
                await insist(lambda: self._fail(item.item_id, Failure(FailureKind.INTERNAL)))
            except Exception:
                logger.critical("the item is kept for the next start", exc_info=True)

    async def _fail(self, item_id: int, failure: Failure) -> None:
        item = await self._jobs.item(item_id)
        if not item.status.ended:
            with suppress(StaleItemError):  # it moved meanwhile: its own walk sees to it
                await self._jobs.fail(item, failure.kind, failure.detail)

    async def _finish(self, item: Item) -> None:
        """Fetch it and send it; what nobody can be sent now is kept until they are back."""
        view = await self._jobs.view(item.job_id)
        result, item = await self._results.result(view, item)
        if item.item_id in self._given_up:
            raise StaleItemError(f"item {item.item_id} was given up")
        self._sending.add(item.item_id)
        try:
            await to_the_end(self._delivery.deliver(view, item, result))
        except ChatClosedError as error:
            logger.warning("the result is kept until the person is back: %s", error)
            # By itself: a sending is not repeated because that could not be noted.
            await insist(lambda: self._people.set_blocked(item.user_id, blocked=True))
        else:
            # They came back while the refusal of an earlier sending was on its way.
            if view.origin.in_private and await self._people.is_blocked(item.user_id):
                await self._people.set_blocked(item.user_id, blocked=False)
                await self._jobs.replay(item.user_id)
        finally:
            self._sending.discard(item.item_id)
