"""Idempotency keys of admins' acts, made from what Telegram sent: a repeated update counts once."""

from aiogram.types import CallbackQuery, Message, User

from storage.journal import Act


def by_message(message: Message, user: User) -> Act:
    """The act of a command."""
    return Act(key_of(message, message.chat.id, message.message_id), user.id)


def by_press(query: CallbackQuery) -> Act:
    """The act of a button press."""
    return Act(key_of(query, "press", query.id), query.from_user.id)


def key_of(event: Message | CallbackQuery, *what: int | str) -> str:
    """What came, told apart from what came to another bot: each has numbers of its own."""
    assert event.bot is not None  # noqa: S101 - each update has the bot that it came to
    return ":".join(str(part) for part in (event.bot.id, *what))
