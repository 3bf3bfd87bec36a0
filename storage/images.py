"""Jobs and their images as they are kept: a row each, read-only."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

JsonValue = Any  # what json.loads gives


class ImageStatus(StrEnum):
    """Where an image is on its way."""

    QUEUED = "queued"  # paid, waiting for its turn
    SUBMITTING = "submitting"  # the create is on its way: nobody knows whether it was taken
    GENERATING = "generating"  # the provider's task id is known
    READY = "ready"  # the result is known: fetched, kept and sent from here
    DELIVERED = "delivered"  # Telegram took it
    FAILED = "failed"  # no picture; refunded
    CANCELLED = "cancelled"  # taken back before it was sent to the provider; refunded

    @property
    def ended(self) -> bool:
        """Whether nothing happens to the image any more."""
        return self in {ImageStatus.DELIVERED, ImageStatus.FAILED, ImageStatus.CANCELLED}


WAITING = frozenset({ImageStatus.QUEUED, ImageStatus.SUBMITTING})
LATE_ATTEMPTS = 3  # to fetch a result: some seconds
OPEN = frozenset(status for status in ImageStatus if not status.ended)


@dataclass(frozen=True, slots=True)
class Job:
    """One request of one person."""

    job_id: int
    user_id: int
    chat_id: int
    message_id: int
    progress_message_id: int | None
    model: str
    prompt: str
    params: Mapping[str, JsonValue]
    options: Mapping[str, JsonValue]
    price: int
    language: str
    created_at: float
    closed_at: float | None
    input_file_id: str | None
    input_url: str | None
    input_uploaded_at: float | None
    reply_to_message_id: int | None

    @property
    def reply_to(self) -> int:
        """The message that whatever is said of the job replies to."""
        return self.reply_to_message_id or self.message_id


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a job, as it was when read."""

    image_id: int
    job_id: int
    user_id: int
    position: int
    cost: int
    status: ImageStatus
    attempts: int
    task_id: str | None
    submitted_at: float | None
    result_url: str | None
    file_key: str | None
    message_id: int | None
    failure: str | None
    failure_detail: str
    finished_at: float | None
    stored_url: str | None
    store_attempts: int
    store_after: float | None
    sent_file_id: str | None
    sent_as: str | None
    drawn_s: float | None
    create_after: float | None
    fetch_attempts: int
    lost_sendings: int

    @property
    def comes_late(self) -> bool:
        """Whether it is drawn, and its file resists for longer than a hiccup."""
        waits = self.status is ImageStatus.READY and self.file_key is None
        return waits and self.fetch_attempts >= LATE_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture as it came into a chat: its message, and Telegram's file to send it again by. The
    one is 0 and the other empty where Telegram's answer did not tell."""

    chat_id: int
    message_id: int
    file_id: str
    kind: Literal["photo", "document"]


@dataclass(frozen=True, slots=True)
class JobView:
    """All that there is to say about a job: itself, its images in order, the balance now."""

    job: Job
    images: Sequence[Image]
    model_name: str
    provider: str
    balance: int
    price_now: int  # of one image of that model

    @property
    def ended(self) -> bool:
        """Whether nothing happens to any of its images any more."""
        return all(image.status.ended for image in self.images)


def read_job(row: sqlite3.Row) -> Job:
    """From a row with all columns of `jobs`, and maybe more."""
    fields = {name: row[name] for name in Job.__slots__}
    return Job(
        **{**fields, "params": json.loads(row["params"]), "options": json.loads(row["options"])}
    )


def read_image(row: sqlite3.Row) -> Image:
    """From a row of `images`."""
    return Image(**{**dict(row), "status": ImageStatus(row["status"])})
