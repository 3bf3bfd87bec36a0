"""Order and Origin: what was asked for, and who asked and where.

Both are passed on whole, from the message to the provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made, as it was understood.

    `model` is a slug of the catalogue. `params` goes into the provider's `input` beside the prompt,
    by the names that it has there and in this order; `options` is merged into it last and
    unchanged. `named` are the params that somebody chose, by a flag or in their settings: options
    of the model do not win over them. `input_file_id` is Telegram's, of the picture to start from.
    """

    model: str
    prompt: str
    quantity: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    input_file_id: str | None = None
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked, in which message, and in which language to answer.

    Asked by a button, it has a `message_id` below 0, made of the press (storage.jobs.press_key),
    and a message to reply to; `again_of` is the item that is repeated. One that is `late` waited
    while the bot was down: it is asked about before it is charged.
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
