"""A strict Telegram Bot API on loopback: what Telegram refuses, this refuses in the same words.

One bot, any number of people. It takes what the Bot API takes over HTTP and holds what a chat
holds, so the bot under it needs to know nothing of it. Left out: payments in Stars, webhooks
(setWebhook is answered 404; a webhook that somebody left behind can be set from outside), and
all methods this bot has no use for.
"""

from .attachments import (
    Animation,
    Attachment,
    Audio,
    Contact,
    Location,
    Poll,
    Sticker,
    Video,
    VideoNote,
    Voice,
)
from .emulator import TelegramEmulator, fresh_id
from .faults import Fault, FloodRules
from .people import Person
from .state import Call, CallbackQuery, Chat, Message

__all__ = [
    "Animation",
    "Attachment",
    "Audio",
    "Call",
    "CallbackQuery",
    "Chat",
    "Contact",
    "Fault",
    "FloodRules",
    "Location",
    "Message",
    "Person",
    "Poll",
    "Sticker",
    "TelegramEmulator",
    "Video",
    "VideoNote",
    "Voice",
    "fresh_id",
]
