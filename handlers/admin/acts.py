"""What an admin asks for, keyed by what Telegram sent: the same when the update comes again."""

from aiogram.types import CallbackQuery, Message, User

from storage.journal import Act


def by_message(message: Message, user: User) -> Act:
    """A command."""
    return Act(f"{message.chat.id}:{message.message_id}", user.id)


def by_press(query: CallbackQuery) -> Act:
    """A button."""
    return Act(f"press:{query.id}", query.from_user.id)
