"""Buttons under messages. What a button says when it is pressed is the client's word: it may be
old or forged, and everything it names is looked up anew."""

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
QUESTION = "ask"  # ask:yes:MESSAGE_ID or ask:no:MESSAGE_ID, of a prompt that was asked about


def cancel_keyboard(text: str, job_id: int) -> Keyboard:
    """Under a progress message whose job still has images in the queue."""
    return ((Button(text, f"{CANCEL}:{job_id}", style="danger"),),)


def question_keyboard(yes: str, no: str, message_id: int) -> Keyboard:
    """Under the question whether a prompt is to be drawn for what it costs."""
    return (
        (
            Button(yes, f"{QUESTION}:yes:{message_id}", style="success"),
            Button(no, f"{QUESTION}:no:{message_id}"),
        ),
    )
