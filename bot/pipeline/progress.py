"""Progress messages: one per job, sent once, edited as items move, and finally the outcome.

The text is built from the database each time, so that it is also true after a restart.
"""

import asyncio
import logging
from collections.abc import Mapping

from bot.pipeline.durations import Durations
from bot.pipeline.fair_queue import FairQueue
from bot.telegram.buttons import Keyboard, cancel_keyboard
from bot.telegram.errors import ChatClosedError, DeliveryError, UnreachableError
from bot.telegram.lanes import Priority
from bot.telegram.messenger import Messenger
from bot.telegram.session import UNKNOWN_MESSAGE
from bot.texts import Texts
from bot.tools.background import to_the_end
from bot.tools.clock import CLOCK, Clock
from bot.tools.rate_limits import RateLimit
from bot.tools.retry import insist
from providers.base import Media, ProviderOf
from providers.order import Origin
from storage.announcements import Announcement, Moved, Placed
from storage.errors import StorageBusyError, StorageError, StorageFullError
from storage.items import WAITING, ItemStatus, JobView
from storage.jobs import Jobs

EDIT_PAUSE_S = 3.0  # at least so long between two edits of one message
ACT_PAUSE_S = 4.5  # a chat action shows for 5 s (Bot API, sendChatAction)
LOOK_PAUSE_S = 10.0  # how often position and estimate are looked at while nothing else moves
FAR_BACK = 100  # positions after which it is looked at half as often
AGAIN_PAUSE_S = 60.0  # until what could not be told is told, if nothing moves before
CREATE_SPACING_S = 0.53  # between two creates when many wait: 20 in 10.1 s and an answer's time
# Of Telegram's 30 messages a second, progress leaves most to answers and pictures.
EDITS_PER_S = 10

NEARLY = 0.9  # of a picture that takes longer than usual
DRAWING = frozenset({ItemStatus.SUBMITTING, ItemStatus.GENERATING, ItemStatus.READY})
# What is told: not that an item waits again after a 429, nor that its file is to be fetched.
NEWS = frozenset(ItemStatus) - {ItemStatus.QUEUED, ItemStatus.READY}

ACTIONS = {Media.IMAGE: "upload_photo", Media.FILM: "upload_video"}

PASSING = (UnreachableError, StorageBusyError, StorageFullError)

logger = logging.getLogger(__name__)


class Progress:
    """Keeps the progress messages of all jobs that are not closed."""

    def __init__(
        self,
        jobs: Jobs,
        queue: FairQueue,
        messenger: Messenger,
        texts: Mapping[str, Texts],
        provider_of: ProviderOf,
        durations: Durations,
        *,
        edit_pause_s: float = EDIT_PAUSE_S,
        clock: Clock = CLOCK,
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._messenger = messenger
        self._texts = texts
        self._provider_of = provider_of
        self._durations = durations
        self._edit_pause_s = edit_pause_s
        self._edit_limit = RateLimit(EDITS_PER_S, 1.0)
        self._clock = clock
        self._moved: dict[int, asyncio.Event] = {}  # by job
        self._arrived: asyncio.Queue[int] = asyncio.Queue()
        self._drawing: dict[int, tuple[int, str]] = {}  # by job: what is shown in which chat

    def hear(self, news: Announcement) -> None:
        """Update the message of every placed job and of each change that a person notices."""
        match news:
            case Placed(job_id=job_id):
                self.touch(job_id)
            case Moved(before=before, after=after):
                is_news = after.status in NEWS and after.status is not before.status
                if is_news or after.fetch_attempts != before.fetch_attempts:
                    self.touch(after.job_id)

    def touch(self, job_id: int) -> None:
        """The job changed: update its message when it is due."""
        if job_id not in self._moved:
            self._moved[job_id] = asyncio.Event()
            self._arrived.put_nowait(job_id)
        self._moved[job_id].set()

    async def run(self) -> None:
        """Update each job's message until its outcome was told."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._act())
            while True:
                job_id = await self._arrived.get()
                group.create_task(self._follow(job_id), name=f"progress-{job_id}")

    async def _follow(self, job_id: int) -> None:
        try:
            await self._keep(job_id, self._moved[job_id])
        except (DeliveryError, StorageError) as error:
            # Neither pictures nor money wait for this. The next change or start tries again.
            logger.warning("the progress of job %d cannot be told: %s", job_id, error)
            if isinstance(error, PASSING):  # the last change of all may have been this one
                asyncio.get_running_loop().call_later(AGAIN_PAUSE_S, self.touch, job_id)
        except Exception:  # part of the worker's boundary: one bad job must not stop the bot
            logger.exception("the progress of job %d cannot be told", job_id)
        finally:
            self._drawing.pop(job_id, None)
            if self._moved.pop(job_id).is_set():  # it moved while this was said in vain
                self.touch(job_id)

    async def _act(self) -> None:
        """Show in each chat that pictures are on their way; once, however many jobs it has."""
        while True:
            for chat_id, action in set(self._drawing.values()):
                self._messenger.act(chat_id, action)
            await asyncio.sleep(ACT_PAUSE_S)

    def _note_drawing(self, view: JobView) -> None:
        job = view.job
        if not any(item.status in DRAWING and not item.comes_late for item in view.items):
            self._drawing.pop(job.job_id, None)
        elif job.job_id not in self._drawing:
            shown = (job.origin.chat_id, ACTIONS[view.media])
            if shown not in self._drawing.values():
                self._messenger.act(*shown)
            self._drawing[job.job_id] = shown

    async def _keep(self, job_id: int, moved: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        shown: tuple[str, Keyboard] = ("", ())
        edit_at = 0.0
        while True:
            moved.clear()
            view = await self._jobs.view(job_id)
            if view.job.closed_at is not None:
                return
            self._note_drawing(view)
            card = self._card(view)
            # A button that can do nothing any more goes at once; all else waits for its time.
            early_s = 0.0 if shown[1] and not card[1] else edit_at - clock()
            if early_s <= 0:
                if card != shown:
                    shown = await self._say(view, card)
                    edit_at = clock() + self._edit_pause_s
                if view.ended:
                    await to_the_end(self._close(view))
                    return
            try:
                async with asyncio.timeout(early_s if early_s > 0 else self._look_pause_s(view)):
                    await moved.wait()
            except TimeoutError:
                continue

    async def _say(self, view: JobView, card: tuple[str, Keyboard]) -> tuple[str, Keyboard]:
        """Show the message as it is once another edit is allowed; returns what it shows."""
        # The first word and the last come at once.
        if view.job.progress_message_id is not None and not view.ended:
            await self._edit_limit.wait()
            view = await self._jobs.view(view.job.job_id)
            card = self._card(view)
        try:
            await self._show(view, *card)
        except ChatClosedError:
            if view.origin.in_private:
                raise  # told when they are back
            # The bot was sent out of the group: what there is to say the person gets.
        except UnreachableError:
            raise
        except DeliveryError as error:
            if not view.ended:
                raise
            # What failed is told in a message of its own, whatever is wrong with this one.
            logger.warning("the card of job %d stays as it is: %s", view.job.job_id, error)
        return card

    def _look_pause_s(self, view: JobView) -> float:
        """Far back in the queue less moves that a person would notice."""
        return LOOK_PAUSE_S * (1 + (self._position(view) or 0) / FAR_BACK)

    def _card(self, view: JobView) -> tuple[str, Keyboard]:
        """The text and the buttons that a job's message has to have now."""
        texts = self._texts[view.origin.language]
        position = self._position(view)
        text = texts.progress(
            view,
            product=self._provider_of(view.model.product).name,
            position=position,
            left_s=self._left_s(view, position),
            drawn=self._drawn(view),
        )
        if any(item.status is ItemStatus.QUEUED for item in view.items):
            return text, cancel_keyboard(texts.cancel_button(), view.job.job_id)
        return text, ()

    def _typical_s(self, view: JobView) -> float | None:
        """How long one takes: what the last ones took, or what the product declares."""
        return self._durations.typical_s(view.order.model) or view.model.product.seconds

    def _left_s(self, view: JobView, position: int | None) -> float | None:
        """Seconds until the job's last picture is likely to arrive; None: unknown."""
        typical_s = self._typical_s(view)
        if typical_s is None or view.ended:
            return None
        now = self._clock.now()
        begun = [item.submitted_at for item in view.items if item.submitted_at is not None]
        waiting = sum(item.status in WAITING for item in view.items)
        if waiting:
            return ((position or 1) + waiting - 1) * CREATE_SPACING_S + typical_s
        return min(max(begun, default=now), now) + typical_s - now  # the clock may be put back

    def _drawn(self, view: JobView) -> float:
        """How much of the job is drawn, 0 to 1: what came, and what is likely of the rest."""
        typical_s = self._typical_s(view)
        parts = 0.0
        for item in view.items:
            if item.status.ended:
                parts += 1
            elif item.submitted_at is not None and typical_s:
                parts += min(max(self._clock.now() - item.submitted_at, 0) / typical_s, NEARLY)
        return parts / len(view.items)

    async def _show(self, view: JobView, text: str, keyboard: Keyboard) -> None:
        job = view.job
        unknown = job.progress_message_id == UNKNOWN_MESSAGE  # sent, and cannot be edited
        if job.progress_message_id is None or (unknown and view.ended):
            await to_the_end(self._begin(view, text, keyboard))
        else:
            await self._messenger.edit(
                job.origin.chat_id, job.progress_message_id, text, keyboard=keyboard
            )

    async def _begin(self, view: JobView, text: str, keyboard: Keyboard) -> None:
        job = view.job
        # An answer: the person was charged and has heard nothing yet. Only edits are progress.
        message_id = await self._messenger.send(
            job.origin.chat_id,
            text,
            reply_to=job.origin.reply_to,
            keyboard=keyboard,
            priority=Priority.ANSWER,
        )
        await insist(lambda: self._jobs.set_progress_message(job.job_id, message_id))

    async def _close(self, view: JobView) -> None:
        """Report failures in a message of their own: an edit makes no sound, and a person waits."""
        texts = self._texts[view.origin.language]
        reasons = texts.failures(view, product=self._provider_of(view.model.product).name)
        if reasons:
            await self._tell(view.origin, reasons)
        await insist(lambda: self._jobs.close(view.job.job_id))

    async def _tell(self, origin: Origin, text: str) -> None:
        try:
            await self._messenger.send(origin.chat_id, text, reply_to=origin.reply_to)
        except ChatClosedError:
            if origin.in_private:
                raise
            await self._messenger.send(origin.user_id, text)

    def _position(self, view: JobView) -> int | None:
        """The position of the job's first waiting item; None once one of its items has moved on."""
        first = view.items[0]
        if first.status is not ItemStatus.QUEUED:
            return None
        return self._queue.position_of(first)
