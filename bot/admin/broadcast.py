"""Sending of broadcasts: one copy after another, at a lower priority than all other messages.

Progress is in the database (storage/broadcasts.py): the next start resumes from there.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial

from bot.cards.pager import PageButton
from bot.telegram.buttons import NOTHING, Button, ButtonData, Keyboard, Number
from bot.telegram.errors import ChatClosedError, DeliveryError, MaybeSentError
from bot.telegram.lanes import Priority
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.tools.retry import insist
from storage.broadcasts import Broadcast, Broadcasts, BroadcastStatus
from storage.errors import StorageBusyError, StorageError, StorageFullError
from storage.journal import Act
from storage.people import People

AT_ONCE = 8  # people it is on its way to
BATCH = 200  # people read at a time
CARD_PAUSE_S = 3.0  # between two edits of the admin's card
STOP_S = 5.0  # what is on its way when an admin stops it may take so long to get there
# Refusals of the message itself, or of the bot: they would be the same for everybody.
HOPELESS = ("message to copy not found", "can't be copied", "message_id_invalid", "unauthorized")
UNREACHED = "unreached"  # the list of those whom a broadcast did not reach

logger = logging.getLogger(__name__)


class BroadcastButton(ButtonData, prefix="broadcast"):
    """Begins one ("go"), leaves it ("no"), or stops it ("stop")."""

    verb: str = ""
    broadcast_id: Number = NOTHING


class Broadcaster:
    """Sends broadcasts, one at a time."""

    def __init__(
        self,
        broadcasts: Broadcasts,
        people: People,
        messenger: Messenger,
        texts: Mapping[str, Texts],
        *,
        card_pause_s: float = CARD_PAUSE_S,
    ) -> None:
        self._broadcasts = broadcasts
        self._people = people
        self._messenger = messenger
        self._texts = texts
        self._card_pause_s = card_pause_s
        self._wanted = asyncio.Event()
        self._sending: tuple[int, asyncio.Task[None]] | None = None
        self._stopped = False  # the one that is being sent

    def wake(self) -> None:
        """Wake the loop: there is something to send."""
        self._wanted.set()

    async def stop(self, broadcast_id: int, act: Act) -> bool:
        """Stop sending it; False: it was not running."""
        stopped = await self._broadcasts.stop(broadcast_id, act)
        if stopped and self._sending is not None and self._sending[0] == broadcast_id:
            self._stopped = True
            asyncio.get_running_loop().call_later(STOP_S, self._sending[1].cancel)
        return stopped

    async def run(self) -> None:
        """Resume what an earlier process left, then send new broadcasts."""
        while True:
            self._wanted.clear()
            try:
                await insist(self._send_open)
            except Exception:  # they are tried again with the next, or at the next start
                logger.exception("broadcasts cannot continue")
            await self._wanted.wait()

    async def _send_open(self) -> None:
        while broadcast := await self._broadcasts.next_open():
            await self._guard(broadcast)

    async def _guard(self, broadcast: Broadcast) -> None:
        """An unexpected error ends this broadcast, but neither the others nor the bot."""
        try:
            await self._work(broadcast)
        except (StorageBusyError, StorageFullError):
            raise
        except Exception as error:
            logger.exception("broadcast %d was aborted", broadcast.broadcast_id)
            await self._broadcasts.stop(broadcast.broadcast_id, None, type(error).__name__)
            await self._broadcasts.told(broadcast.broadcast_id)

    async def _work(self, broadcast: Broadcast) -> None:
        number = broadcast.broadcast_id
        if broadcast.status is BroadcastStatus.RUNNING:
            logger.info("broadcast %d: %d people to go", number, broadcast.left)
            card = asyncio.create_task(self._keep_card(number))
            sending = asyncio.create_task(self._send_all(broadcast))
            self._sending, self._stopped = (number, sending), False
            try:
                await asyncio.wait([sending])
            finally:
                self._sending = None
                for task in (sending, card):
                    task.cancel()
                await asyncio.gather(card, sending, return_exceptions=True)
            if not sending.cancelled():
                sending.result()
                await insist(partial(self._broadcasts.finish, number))
        ended = await self._broadcasts.get(number)
        if ended is None or ended.status is BroadcastStatus.RUNNING:
            return
        await self._tell(ended)

    async def _send_all(self, broadcast: Broadcast) -> None:
        """Send it to everybody who is left; those on their way are finished before this ends."""
        people = asyncio.Queue[int](maxsize=AT_ONCE)
        async with asyncio.TaskGroup() as group:
            senders = [
                group.create_task(self._send_from(people, broadcast)) for _ in range(AT_ONCE)
            ]
            last = -1
            while batch := await self._left(broadcast, last):
                for user_id in batch:
                    await people.put(user_id)
                last = batch[-1]
            await people.join()
            for sender in senders:
                sender.cancel()

    async def _left(self, broadcast: Broadcast, last: int) -> list[int]:
        if self._stopped:
            return []
        read = partial(self._broadcasts.pending, broadcast.broadcast_id, last, BATCH)
        return await insist(read)

    async def _send_from(self, people: "asyncio.Queue[int]", broadcast: Broadcast) -> None:
        while True:
            user_id = await people.get()
            if not self._stopped:
                # Safe to repeat: whatever was begun is not begun again.
                try:
                    await insist(partial(self._send, broadcast, user_id))
                except Exception as error:  # one person's row keeps it from nobody else
                    logger.exception("broadcast %d, user %d", broadcast.broadcast_id, user_id)
                    failed = partial(
                        self._broadcasts.failed,
                        broadcast.broadcast_id,
                        user_id,
                        type(error).__name__,
                    )
                    await insist(failed)
            people.task_done()

    async def _send(self, broadcast: Broadcast, user_id: int) -> None:
        number = broadcast.broadcast_id
        receipt = _Receipt(self._broadcasts, number, user_id)
        try:
            await self._messenger.copy(
                user_id,
                from_chat_id=broadcast.admin_id,  # a private chat has the person's id
                message_id=broadcast.message_id,
                receipt=receipt,
            )
        except MaybeSentError as error:
            logger.warning("broadcast %d, user %d: %s", number, user_id, error)
        except ChatClosedError as error:
            await self._broadcasts.failed(number, user_id, str(error))
            await self._people.set_blocked(user_id, blocked=True)
        except DeliveryError as error:
            logger.warning("broadcast %d, user %d: %s", number, user_id, error)
            await self._broadcasts.failed(number, user_id, str(error))
            if any(words in str(error).lower() for words in HOPELESS):
                self._stopped = True
                await self._broadcasts.stop(number, None, str(error))

    # --- The admin's card

    async def _keep_card(self, broadcast_id: int) -> None:
        """Edit the card from time to time."""
        shown = ""
        while True:
            try:
                broadcast = await self._broadcasts.get(broadcast_id)
                if broadcast is not None and broadcast.card_message_id is not None:
                    text = self._text(broadcast)
                    if text != shown:
                        await self._show(broadcast, text)
                        shown = text
            except (DeliveryError, StorageError) as error:
                logger.warning("broadcast %d: its card is not up to date: %s", broadcast_id, error)
            await asyncio.sleep(self._card_pause_s)

    async def _show(self, broadcast: Broadcast, text: str) -> None:
        assert broadcast.card_message_id is not None  # noqa: S101 - the caller saw to it
        texts = self._texts[broadcast.language]
        keyboard: Keyboard = ()
        if broadcast.status is BroadcastStatus.RUNNING:
            stop = BroadcastButton(verb="stop", broadcast_id=broadcast.broadcast_id)
            keyboard = ((Button(texts.broadcast_stop(), stop.pack()),),)
        await self._messenger.edit(
            broadcast.admin_id,
            broadcast.card_message_id,
            text,
            keyboard=keyboard,
            priority=Priority.PROGRESS,
        )

    async def _tell(self, broadcast: Broadcast) -> None:
        """Report the end on the card and in a message of its own: an edit makes no sound."""
        texts = self._texts[broadcast.language]
        text = self._text(broadcast)
        keyboard: Keyboard = ()
        if broadcast.failed or broadcast.unsure:
            who = PageButton(what=UNREACHED, number=1)
            keyboard = ((Button(texts.broadcast_who(), who.pack()),),)
        try:
            if broadcast.card_message_id is not None:
                await self._show(broadcast, text)
            await self._messenger.send(
                broadcast.admin_id, text, reply_to=broadcast.message_id, keyboard=keyboard
            )
        except DeliveryError as error:
            logger.warning(
                "broadcast %d: the admin was not told: %s", broadcast.broadcast_id, error
            )
        await self._broadcasts.told(broadcast.broadcast_id)
        logger.info("broadcast %d is over", broadcast.broadcast_id)

    def _text(self, broadcast: Broadcast) -> str:
        return self._texts[broadcast.language].broadcast_card(broadcast)


class _Receipt:
    """One person's row (bot.telegram.messenger.Receipt)."""

    def __init__(
        self,
        broadcasts: Broadcasts,
        broadcast_id: int,
        user_id: int,
    ) -> None:
        self._broadcasts = broadcasts
        self._broadcast_id = broadcast_id
        self._user_id = user_id

    async def sending(self) -> bool:
        return await self._broadcasts.sending(self._broadcast_id, self._user_id)

    async def not_sent(self) -> None:
        store = partial(self._broadcasts.not_sent, self._broadcast_id, self._user_id)
        await insist(store)

    async def sent(self) -> None:
        store = partial(self._broadcasts.sent, self._broadcast_id, self._user_id)
        await insist(store)
