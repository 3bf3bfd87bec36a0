"""Groups: /draw, /imagine and replies to the bot's messages. Whoever asks pays.

Everything else in a group is ignored. A group that becomes a supergroup gets another id; the
messenger deals with that.
"""

from aiogram import Bot, F, Router
from aiogram.types import Message, User

from bot.shop.orders import Orders
from bot.telegram.messenger import Messenger
from bot.telegram.telegram_time import IsLate
from bot.texts import Texts
from handlers.prompts import DRAW, draw, order_by_words, origin_of


def create_router() -> Router:
    """A late request waited while the bot was down: it is not charged."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type.in_({"group", "supergroup"}), F.from_user.is_bot.is_(False))
    router.message.register(ask_again, DRAW, is_stale)
    router.message.register(draw, DRAW)
    with_words = F.text | (F.caption & (F.photo | F.document) & ~F.animation)
    is_for_us = (with_words, ~F.text.startswith("/"), answers_the_bot)
    router.message.register(ask_again, *is_for_us, is_stale)
    router.message.register(draw_reply, *is_for_us)
    return router


def is_stale(message: Message, is_late: IsLate) -> bool:
    """Whether it waited too long."""
    return is_late(message.date.timestamp())


async def answers_the_bot(message: Message, bot: Bot) -> bool:
    """Whether it replies to something that the bot said."""
    answered = message.reply_to_message
    return bool(answered and answered.from_user and answered.from_user.id == bot.id)


async def is_for_the_bot(message: Message, bot: Bot) -> bool:
    """Whether a message in a group is likely to be for the bot, before anything else is known."""
    words = message.text or message.caption or ""
    return words.startswith(("/draw", "/imagine")) or await answers_the_bot(message, bot)


async def ask_again(message: Message, messenger: Messenger, texts: Texts) -> None:
    """Ask to send it again: it waited too long to be charged unasked."""
    messenger.say(message.chat.id, texts.stale_in_group(), reply_to=message.message_id)


async def draw_reply(message: Message, event_from_user: User, orders: Orders, texts: Texts) -> None:
    """Words for a picture of the bot's, flags to change one, or words alone."""
    answered = message.reply_to_message
    await order_by_words(
        message,
        message.text or message.caption or "",
        origin_of(message, event_from_user, texts),
        orders,
        # What replies to a question of the bot's has its picture, too, and is the answer.
        aside=bool(answered and (answered.photo or answered.document)),
    )
