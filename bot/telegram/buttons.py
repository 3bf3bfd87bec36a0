"""Inline buttons and their callback data.

Each family of buttons is one `ButtonData` beside the card that shows it: the card packs it, the
handler filters by it. What comes back is the client's word: it may be old or forged, and everything
it names is looked up again. Buttons stay in people's chats for ever, so the format of a family
never changes, except for a new optional field at its end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from aiogram.filters.callback_data import CallbackData
from pydantic import BeforeValidator

NOTHING = -1  # no item has this id
HELD_BY_NOTHING = 0  # where a negative number is something


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends `data` back to the bot: 1 to 64 bytes; or copies `copy`, 1 to 256
    characters; or opens `url`; or only says something (`label`). The rest is decoration, and left
    out where Telegram's server does not know it."""

    text: str
    data: str = ""
    style: Literal["primary", "success", "danger"] | None = None
    copy: str = ""
    disabled: bool = False
    url: str = ""


LABEL = "label"  # what a label sends where there are no buttons that do nothing


def label(text: str) -> Button:
    """A button that is only text."""
    return Button(text, LABEL, disabled=True)


Keyboard = Sequence[Sequence[Button]]


def _number(pattern: str) -> BeforeValidator:
    def read(said: Any) -> int:
        if isinstance(said, int):
            return said
        if not re.fullmatch(pattern, said):
            raise ValueError("no number of ours")
        return int(said)

    return BeforeValidator(read)


Number = Annotated[int, _number(r"[0-9]{1,15}")]
MessageNumber = Annotated[int, _number(r"-?[0-9]{1,17}")]  # that of a press is negative


class ButtonData(CallbackData, prefix="button"):
    """What a button sends: "prefix:field:field"; the last may be missing where they have a default.

    A family whose fields all have one is answered whatever else follows its prefix, with
    these defaults; of any other, what is malformed is a button that nobody knows.
    """

    def pack(self) -> str:
        """The button's data; what is None at its end is left out."""
        return super().pack().rstrip(self.__separator__)

    @classmethod
    def unpack(cls, value: str) -> Self:
        """What the data says.

        Raises:
            ValueError, TypeError: it is none of this family's.
        """
        separator, fields = cls.__separator__, list(cls.model_fields.values())
        missing = fields[value.count(separator) :]
        try:
            if value.endswith(separator):
                raise ValueError("the last field is empty")
            if len(missing) < len(fields) and not any(each.is_required() for each in missing):
                value += separator * len(missing)
            return super().unpack(value)
        except (ValueError, TypeError):
            is_ours = value.startswith(f"{cls.__prefix__}{separator}")
            if is_ours and not any(each.is_required() for each in fields):
                return cls()
            raise


class CancelButton(ButtonData, prefix="cancel"):
    """Under a progress message."""

    job_id: Number = NOTHING


class HeldButton(ButtonData, prefix="held"):
    """Drops a picture that waits for words."""

    held_by: MessageNumber = HELD_BY_NOTHING


class QuestionButton(ButtonData, prefix="ask"):
    """Answers the question about a prompt; `never` is a yes, and the last question."""

    answer: Literal["yes", "no", "never"]
    message_id: MessageNumber


def cancel_keyboard(text: str, job_id: int) -> Keyboard:
    """Under a progress message whose job still has items in the queue."""
    return ((Button(text, CancelButton(job_id=job_id).pack(), style="danger"),),)


def held_keyboard(text: str, held_by: int) -> Keyboard:
    """Under the message that says that a picture waits."""
    return ((Button(text, HeldButton(held_by=held_by).pack()),),)


def question_keyboard(yes: str, no: str, never: str, message_id: int) -> Keyboard:
    """Under the question whether a prompt is to be drawn for what it costs; `never` draws it and
    is the last that is asked, "" where that cannot be chosen."""

    def data(answer: Literal["yes", "no", "never"]) -> str:
        return QuestionButton(answer=answer, message_id=message_id).pack()

    answers = (Button(yes, data("yes"), style="success"), Button(no, data("no")))
    return (answers, (Button(never, data("never")),)) if never else (answers,)
