"""The walk of an image: from paid to delivered, or refunded.

What it starts from is prepared before it is queued, so that words do not wait for pictures.
Each step is stored before the next begins, so that the next start goes on from where this one
stood: what was created at the provider is never created again, and what was fetched is sent.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial

from bot.admin.alerts import Alerts
from bot.cards.result import picture_keyboard
from bot.logs import log_context
from bot.media.keeping import Keeper
from bot.media.kinds import NotAPictureError, Picture
from bot.pipeline.breaker import LONGEST_PAUSE_S, CircuitBreaker
from bot.pipeline.durations import SAMPLE, Durations
from bot.pipeline.estimates import Estimates
from bot.pipeline.failures import Failure, FailureKind, InputError, failure_of
from bot.pipeline.fair_queue import Queue
from bot.pipeline.fetching import Fetcher
from bot.pipeline.inputs import InputPictures
from bot.pipeline.polling import Poller
from bot.pipeline.progress import Progress
from bot.telegram.errors import ChatClosedError, DeliveryError
from bot.telegram.messenger import Losses, Messenger
from bot.texts import Texts
from bot.tools.clock import CLOCK, Clock
from bot.tools.rate_limits import RateLimit
from bot.tools.retry import RetryPolicy, insist
from bot.tools.shield import to_the_end
from providers.base import Done, Provider
from providers.errors import NotTakenError, OutcomeUnknownError, ProviderError
from storage.errors import StaleImageError
from storage.images import WAITING, Image, ImageStatus, Job, JobView
from storage.jobs import Jobs
from storage.journal import Act
from storage.users import Users

MAX_ATTEMPTS = 2  # creates whose end may be a task; the schema agrees
SUBMITTERS = 20  # as many creates as the account's limit lets through at once
PREPARERS = 8  # people whose pictures are fetched, converted and uploaded at once
LOST_PAUSE_S = 10.0  # before a create whose answer was lost is sent once more
MAX_RETRY_AFTER_S = 60.0

Step = Callable[[Image], Awaitable[Image | None]]  # None: there is nothing more to do now
logger = logging.getLogger(__name__)


CREATE_RETRY = RetryPolicy(first_pause_s=2, max_pause_s=30, timeout_s=900)


class Worker:
    """Takes images from the queue to their provider, and each result to its chat."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        queue: Queue,
        providers: Mapping[str, Provider],
        create_limit: RateLimit,
        breaker: CircuitBreaker,
        poller: Poller,
        fetcher: Fetcher,
        messenger: Messenger,
        progress: Progress,
        alerts: Alerts,
        texts: Mapping[str, Texts],
        inputs: InputPictures,
        keeper: Keeper | None,
        users: Users,
        estimates: Estimates,
        durations: Durations,
        cancel_s: float,
        on_created: Callable[[], None] = lambda: None,
        lost_pause_s: float = LOST_PAUSE_S,
        create_retry: RetryPolicy = CREATE_RETRY,
        clock: Clock = CLOCK,
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._providers = providers
        self._create_limit = create_limit
        self._breaker = breaker
        self._unprepared = Queue()  # images whose picture is to be prepared first
        self._poller = poller
        self._fetcher = fetcher
        self._messenger = messenger
        self._progress = progress
        self._alerts = alerts
        self._texts = texts
        self._inputs = inputs
        self._keeper = keeper
        self._users = users
        self._estimates = estimates
        self._durations = durations
        self._cancel_s = cancel_s
        self._on_created = on_created
        self._lost_pause_s = lost_pause_s
        self._walks: asyncio.TaskGroup | None = None
        self._sending: set[int] = set()  # images whose picture may be on its way into the chat
        self._given_up: set[int] = set()  # images that an admin ended
        self._parked: dict[int, dict[int, Image]] = {}  # by person: pictures nobody can be sent
        self._create_retry = create_retry
        self._clock = clock

    async def run(self) -> None:
        """Take up what an earlier process left, then go on until cancelled."""
        for model, seconds, drawn_s in await insist(lambda: self._jobs.recent_durations(SAMPLE)):
            self._estimates.add(model, seconds)
            if drawn_s is not None:
                self._durations.add(model, drawn_s)
        async with asyncio.TaskGroup() as walks:
            self._walks = walks
            with_picture = await insist(self._jobs.open_jobs_with_picture)
            for image in await insist(self._jobs.unfinished):
                if image.status in WAITING:
                    self._offer(image, with_picture=image.job_id in with_picture)
                else:
                    self._go_on(image)
            for _ in range(SUBMITTERS):
                walks.create_task(self._serve(self._queue, self._create, self._go_on))
            for _ in range(PREPARERS):
                walks.create_task(self._serve(self._unprepared, self._prepare, self._queue.put))

    def begin(self, images: Iterable[Image], *, with_picture: bool) -> None:
        """Take up what was paid for just now; `with_picture`: it starts from one."""
        for image in images:
            self._offer(image, with_picture=with_picture)

    def resume(self, user_id: int) -> None:
        """The person is back: send what was kept for them."""
        for image in self._parked.pop(user_id, {}).values():
            self._go_on(image)

    def is_waited_for(self, user_id: int) -> bool:
        """Whether pictures are kept for the person."""
        return user_id in self._parked

    async def give_up(self, image_id: int, act: Act) -> Image | None:
        """End an image that hangs, and refund it; None, and nothing changed: its picture is on
        its way into the chat, or it has ended. Its walk ends at its next step.

        Raises:
            LookupError: there is no such image.
        """
        if image_id in self._sending:
            return None
        self._given_up.add(image_id)  # before anything is awaited: from here on it is not sent
        try:
            image = await self._jobs.image(image_id)
            failed = await self._jobs.fail(image, FailureKind.GIVEN_UP, "", act=act)
        except BaseException as error:
            self._given_up.discard(image_id)
            if isinstance(error, StaleImageError):
                return None
            raise
        self._queue.discard({image_id})
        self._progress.touch(failed.job_id)
        return failed

    def _offer(self, image: Image, *, with_picture: bool = False) -> None:
        """Into the queue, or first to those who prepare its picture; when it is time to."""
        queue = self._unprepared if with_picture else self._queue
        wait_s = self._wait_s(image)
        if wait_s > 0:
            asyncio.get_running_loop().call_later(wait_s, queue.put, image)
        else:
            queue.put(image)

    def _wait_s(self, image: Image) -> float:
        """Seconds until it may be created once more; none where the clock was put back since."""
        if image.create_after is None or image.attempts >= MAX_ATTEMPTS:
            return 0.0
        wait_s = image.create_after - self._clock.now()
        return wait_s if wait_s <= max(self._lost_pause_s, LONGEST_PAUSE_S) else 0.0

    def _go_on(self, image: Image) -> None:
        """It is at the provider, or further: see to the rest."""
        if self._walks is not None:
            self._walks.create_task(self._guard(image, self._finish))

    async def _serve(self, queue: Queue, step: Step, then: Callable[[Image], None]) -> None:
        while True:
            image = await queue.take()
            try:
                moved = await self._guard(image, step)
            finally:
                queue.release(image.user_id)
            if moved is not None:
                then(moved)

    async def _guard(self, image: Image, step: Step) -> Image | None:
        """The boundary: whatever a step ends with, the image ends delivered, refunded or kept.

        Returns the image as the step left it, or None when there is nothing more to do now.
        Nothing is raised but CancelledError: what leaves it would stop the bot.
        """
        with log_context(job=image.job_id, image=image.image_id):
            try:
                return await insist(lambda: self._attempt(image.image_id, step))
            except Exception as error:  # noqa: BLE001 - it is logged there
                await self._end(image, error)
            return None

    async def _attempt(self, image_id: int, step: Step) -> Image | None:
        # What is stored is the truth: the image may have moved since it was queued.
        image = await self._jobs.image(image_id)
        if image.status.ended:
            return None
        try:
            return await step(image)
        except StaleImageError as error:
            logger.info("%s", error)
        except ChatClosedError as error:
            logger.warning("the picture is kept until the person is back: %s", error)
            self._parked.setdefault(image.user_id, {})[image.image_id] = image
            # By itself: a second walk beside the kept image would send it a second time.
            await insist(lambda: self._users.set_blocked(image.user_id, blocked=True))
        return None

    async def _end(self, image: Image, error: Exception) -> None:
        """Fail and refund an image for an error; what cannot be stored waits for the next start."""
        try:
            failure = failure_of(error)
            if isinstance(error, ProviderError | NotAPictureError | InputError):
                logger.warning("failed and refunded: %s: %s", failure.kind, error)
            else:
                logger.error("failed and refunded: %s", failure.kind, exc_info=error)
                self._alerts.fault(image.image_id, error)
            if isinstance(error, InputError):  # the others start from the same picture
                await insist(
                    lambda: self._jobs.fail_waiting(image.job_id, failure.kind, failure.detail)
                )
            await insist(lambda: self._fail(image.image_id, failure))
        except Exception:
            logger.critical("the end cannot be stored as it is", exc_info=True)
            try:
                await insist(lambda: self._fail(image.image_id, Failure(FailureKind.INTERNAL)))
            except Exception:
                logger.critical("the image is kept for the next start", exc_info=True)
        self._progress.touch(image.job_id)

    async def _fail(self, image_id: int, failure: Failure) -> None:
        image = await self._jobs.image(image_id)
        if not image.status.ended:
            with suppress(StaleImageError):  # it moved meanwhile: its own walk sees to it
                await self._jobs.fail(image, failure.kind, failure.detail)

    # --- From queued to generating

    async def _prepare(self, image: Image) -> Image | None:
        """Put the picture that it starts from where the provider finds it."""
        await self._inputs.prepare((await self._jobs.view(image.job_id)).job)
        image = await self._jobs.image(image.image_id)
        self._progress.touch(image.job_id)  # it has a place now, unless it was cancelled
        return None if image.status.ended else image

    async def _create(self, image: Image) -> Image | None:
        """Have the task created. There is no idempotency key: one repeat, then a refund."""
        if self._wait_s(image) > 0:
            self._offer(image)
            return None
        if image.attempts >= MAX_ATTEMPTS:  # the last was torn by a crash
            raise OutcomeUnknownError(f"no answer to {MAX_ATTEMPTS} creates")
        view = await self._jobs.view(image.job_id)
        job, provider = view.job, self._providers[view.provider]
        url = self._inputs.url_of(job)
        if url is None and job.order.input_file_id is not None:  # it grew old in the queue
            self._offer(image, with_picture=True)
            return None
        await asyncio.sleep(self._grace_s(job))
        try:
            image = await self._submit_when_taken(
                image, lambda: provider.submit(job.order, picture_url=url)
            )
        except OutcomeUnknownError as error:
            image = await self._jobs.image(image.image_id)
            logger.warning("create %d of %d: %s", image.attempts, MAX_ATTEMPTS, error)
            if image.attempts >= MAX_ATTEMPTS:
                raise
            self._offer(await self._jobs.create_lost(image, create_after=self._create_after()))
            return None
        except ProviderError as error:
            self._alerts.provider_trouble(provider.name, error)
            raise
        self._alerts.cleared(provider.name)
        self._on_created()
        self._progress.touch(image.job_id)
        return image

    def _grace_s(self, job: Job) -> float:
        """Seconds in which it can still be cancelled, for sure."""
        left_s = job.created_at + self._cancel_s - self._clock.now()
        return max(0.0, min(left_s, self._cancel_s))  # the clock may have been set

    def _create_after(self) -> float:
        return self._clock.now() + max(self._lost_pause_s, self._breaker.pause_s)

    async def _submit_when_taken(self, image: Image, submit: Callable[[], Awaitable[str]]) -> Image:
        """Wait out what creates nothing, in this place; a lost answer ends it."""
        async for attempt in self._create_retry.context("the create", _pause_after):
            with attempt:
                async with self._create_limit.held(), self._breaker.request():
                    return await to_the_end(self._submit(image, submit))
        raise AssertionError("unreachable")

    async def _submit(self, image: Image, submit: Callable[[], Awaitable[str]]) -> Image:
        """One attempt, counted before it is made; not counted when it surely made nothing."""
        submitting = await self._jobs.begin_submit(image, create_after=self._create_after())
        self._progress.touch(image.job_id)  # it cannot be cancelled any more
        try:
            task_id = await submit()
        except NotTakenError as error:
            await self._jobs.not_taken(submitting, image)
            pause = error.retry_after_s or self._create_retry.first_pause_s
            self._create_limit.pause(min(pause, MAX_RETRY_AFTER_S))
            raise
        logger.info("task %s created", task_id)
        return await insist(lambda: self._jobs.task_created(submitting, task_id))

    # --- From generating to delivered

    async def _finish(self, image: Image) -> Image:
        view = await self._jobs.view(image.job_id)
        if image.status is ImageStatus.GENERATING:
            done = await self._result(image, view)
            if done.seconds is not None:
                self._durations.add(view.order.model, done.seconds)
            image = await self._jobs.result_ready(image, done.urls[0], drawn_s=done.seconds)
        picture, image = await self._fetcher.picture(image, lambda image: self._result(image, view))
        if image.image_id in self._given_up:
            raise StaleImageError(f"image {image.image_id} was given up")
        self._sending.add(image.image_id)
        try:
            image = await to_the_end(self._deliver(view, image, picture))
        finally:
            self._sending.discard(image.image_id)
        if self._keeper is not None:
            await self._keeper.tidy(image.image_id)
        # One that had to wait for the result's host tells nothing about the next.
        if image.finished_at and image.submitted_at and not image.fetch_attempts:
            self._estimates.add(view.order.model, image.finished_at - image.submitted_at)
        self._progress.touch(image.job_id)
        return image

    async def _result(self, image: Image, view: JobView) -> Done:
        """What the provider says of the task, once it has ended."""
        provider = self._providers[view.provider]
        assert image.task_id is not None  # noqa: S101 - the schema says so
        assert image.submitted_at is not None  # noqa: S101
        return await self._poller.wait_until_done(
            provider,
            image.task_id,
            model=view.order.model,
            age_s=max(self._clock.now() - image.submitted_at, 0.0),
            on_error=lambda error: self._alerts.provider_trouble(provider.name, error),
        )

    async def _deliver(self, view: JobView, image: Image, picture: Picture) -> Image:
        origin, texts = view.origin, self._texts[view.origin.language]
        caption = texts.caption(view, image)
        keyboard = picture_keyboard(texts, view, image)
        losses = Losses(
            image.lost_sendings,
            lambda count: insist(lambda: self._jobs.sendings_lost(image.image_id, count)),
        )
        send = partial(
            self._messenger.send_picture,
            picture=picture,
            caption=caption,
            keyboard=keyboard,
            attempts=float("inf"),
            losses=losses,
        )
        try:
            sent = await send(origin.chat_id, reply_to=origin.reply_to)
        except DeliveryError as error:
            if origin.in_private:
                raise
            # Whatever a group has against it: the picture is the person's all the same.
            logger.warning("sent to the person, not to the group: %s", error)
            try:
                sent = await send(origin.user_id, reply_to=None)
            except ChatClosedError:
                if not await self._users.is_blocked(
                    origin.user_id
                ):  # said once, not for each picture
                    await self._users.set_blocked(origin.user_id, blocked=True)
                    self._messenger.say(
                        origin.chat_id, texts.waits_in_private(), reply_to=origin.reply_to
                    )
                raise
        logger.info("delivered")
        return await insist(lambda: self._jobs.delivered(image, sent.message_id, sent))


def _pause_after(error: Exception) -> bool | float:
    """stamina's hook: only what created nothing is sent again, when the provider wants it."""
    if not isinstance(error, NotTakenError):
        return False
    return min(error.retry_after_s, MAX_RETRY_AFTER_S) if error.retry_after_s else True
