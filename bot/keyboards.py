"""Buttons under messages. What a button says when it is pressed is the client's word: it may be
old or forged, and everything it names is looked up anew."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends `data` back to the bot: 1 to 64 bytes."""

    text: str
    data: str


Keyboard = Sequence[Sequence[Button]]

CANCEL = "cancel"  # cancel:JOB_ID
DRAW = "draw"  # draw: the message that this one replies to


def cancel_keyboard(text: str, job_id: int) -> Keyboard:
    """Under a progress message whose job still has images in the queue."""
    return ((Button(text, f"{CANCEL}:{job_id}"),),)


def draw_keyboard(text: str) -> Keyboard:
    """Under the question about a prompt that waited too long."""
    return ((Button(text, DRAW),),)
