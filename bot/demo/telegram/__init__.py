"""A strict Telegram Bot API on loopback: what Telegram refuses, this refuses in the same words.

One bot, any number of people. It takes what the Bot API takes over HTTP and holds what a chat
holds, so the bot under it needs to know nothing of it. There are the methods and parameters that
this bot uses and no others. Updates are asked for, or brought by a webhook: of that the one thing
that is not as with Telegram is a map from public addresses to those on loopback behind them.
"""

from .emulator import TelegramEmulator
from .faults import Fault, FloodRules
from .people import Person
from .state import Call, CallbackQuery, Chat, Message, Payment

__all__ = [
    "Call",
    "CallbackQuery",
    "Chat",
    "Fault",
    "FloodRules",
    "Message",
    "Payment",
    "Person",
    "TelegramEmulator",
]
