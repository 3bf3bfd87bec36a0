"""The welcome gift: given at a person's first contact, whatever that is, and once."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.dispatcher.flags import get_flag
from aiogram.types import Message, TelegramObject, User

from bot.telegram.messenger import Messenger
from bot.texts import Texts
from storage.ledger import Ledger

GREETS = {"greets": True}  # /start gives the gift by itself, and says so in its greeting


class WelcomeMiddleware(BaseMiddleware):
    """Stands right before the handler of a message or press, behind the ban: what is not for the
    bot gets nothing. For those who had their gift it costs a row read by its key.

    What a bot owes everybody (`for_everybody`) makes nobody a customer: who reads /privacy or has
    everything of theirs removed gets no entry in the ledger for that. Nor do an admin's commands
    and presses, which are the team's work.
    """

    def __init__(
        self, ledger: Ledger, messenger: Messenger, admin_ids: frozenset[int], amount: int
    ) -> None:
        self._ledger = ledger
        self._messenger = messenger
        self._admin_ids = admin_ids
        self._amount = amount

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User | None = data.get("event_from_user")
        if user is not None and self._amount and self._is_contact(event, user, data):
            texts: Texts = data["texts"]
            if not await self._ledger.was_welcomed(user.id):
                given = await self._ledger.welcome(user.id, self._amount, language=texts.language)
                if given.new and isinstance(event, Message) and _may_cost(event):
                    self._messenger.say(
                        event.chat.id, texts.gift(given.amount), reply_to=event.message_id
                    )
        return await handler(event, data)

    def _is_contact(self, event: TelegramObject, user: User, data: dict[str, Any]) -> bool:
        if get_flag(data, "greets") or get_flag(data, "for_everybody"):
            return False
        return user.id not in self._admin_ids or (isinstance(event, Message) and _may_cost(event))


def _may_cost(message: Message) -> bool:
    """Whether it may ask for a picture, so that the person should know what pays for it: all but
    a command in private."""
    words = message.text or message.caption or ""
    return message.chat.type != "private" or not words.startswith("/")
