"""Order and Origin: what was asked for, and who asked and where.

Both are passed on whole, from the message to the provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ITEM = "item:"  # no file id of Telegram's has a colon


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made, as it was understood.

    `model` is a slug of the catalogue. `params` goes into the provider's `input` beside the prompt,
    by the names that it has there and in this order; `options` is merged into it last and
    unchanged. `named` are the params that somebody chose, by a flag or in their settings: options
    of the model do not win over them. `inputs` are the pictures to start from, each Telegram's file
    id or an item of our own (`item_input`).
    """

    model: str
    prompt: str
    quantity: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked, in which message, and in which language to answer.

    Asked by a button, it has a `message_id` below 0, made of the press (storage.jobs.press_key),
    and a message to reply to; `again_of` is the item under which it was pressed. One that is `late`
    waited while the bot was down: it is asked about before it is charged.
    """

    user_id: int
    chat_id: int
    message_id: int
    language: str
    reply_to_message_id: int | None = None
    again_of: int | None = None
    late: bool = False

    @property
    def reply_to(self) -> int:
        """The message that whatever is said of the order replies to."""
        return self.reply_to_message_id or self.message_id

    @property
    def in_private(self) -> bool:
        """Whether the person talks to the bot alone: Telegram gives that chat their own id."""
        return self.chat_id == self.user_id


def item_input(item_id: int) -> str:
    """The original of an item as what an order starts from: its file as it was fetched."""
    return f"{ITEM}{item_id}"


def item_of(source: str) -> int | None:
    """The item whose original that is; None: it is Telegram's file id."""
    return int(source.removeprefix(ITEM)) if source.startswith(ITEM) else None
