"""Buttons under messages. What a button says when it is pressed is the client's word: it may be
old or forged, and everything it names is looked up anew."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends `data` back to the bot: 1 to 64 bytes; or copies `copy`, 1 to 256
    characters; or only says something (`label`). The rest is decoration, and left out where
    Telegram's server does not know it."""

    text: str
    data: str = ""
    style: Literal["primary", "success", "danger"] | None = None
    copy: str = ""
    disabled: bool = False


LABEL = "label"  # what a label sends where there are no buttons that do nothing


def label(text: str) -> Button:
    """Something to read among the buttons."""
    return Button(text, LABEL, disabled=True)


Keyboard = Sequence[Sequence[Button]]

CANCEL = "cancel"  # cancel:JOB_ID
HELD = "held"  # held:HELD_BY, of a picture that waits for words
QUESTION = "ask"  # ask:yes|no|never:MESSAGE_ID, of a prompt that was asked about


def cancel_keyboard(text: str, job_id: int) -> Keyboard:
    """Under a progress message whose job still has images in the queue."""
    return ((Button(text, f"{CANCEL}:{job_id}", style="danger"),),)


def held_keyboard(text: str, held_by: int) -> Keyboard:
    """Under the message that says that a picture waits."""
    return ((Button(text, f"{HELD}:{held_by}"),),)


def held_by_in(data: str | None) -> int:
    """What such a button names; 0, which holds nothing, for anything else."""
    number = (data or "").rpartition(":")[2]
    return int(number) if re.fullmatch(r"-?[0-9]{1,17}", number) else 0


def question_keyboard(yes: str, no: str, never: str, message_id: int) -> Keyboard:
    """Under the question whether a prompt is to be drawn for what it costs; `never` draws it and
    is the last that is asked, "" where that cannot be chosen."""
    answers = (
        Button(yes, f"{QUESTION}:yes:{message_id}", style="success"),
        Button(no, f"{QUESTION}:no:{message_id}"),
    )
    return (answers, (Button(never, f"{QUESTION}:never:{message_id}"),)) if never else (answers,)
