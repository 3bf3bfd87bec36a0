"""File types, recognised by their content, and as what Telegram takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from bot.service_limits import (
    DOCUMENT_MAX_BYTES,
    PHOTO_MAX_BYTES,
    PHOTO_MAX_RATIO,
    PHOTO_MAX_SIDES_PX,
)
from storage.failures import FailureKind

if TYPE_CHECKING:  # each conversion is a process, which would import the whole storage for a name
    from storage.items import SentAs

# What the bot passes on: format as Pillow names it -> file extension.
EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}
CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
INPUT_EXTENSIONS = ("png", "jpg")  # what every provider takes

FILM_EXTENSION = "mp4"
FILM_TYPES = {FILM_EXTENSION: "video/mp4"}
PHOTO_EXTENSIONS = frozenset({"png", "jpg"})

UPLOAD_MAX_BYTES = DOCUMENT_MAX_BYTES - 2**20  # the rest of the request needs room as well
VIDEO_CODECS = frozenset({"h264"})  # what every client of Telegram's plays


class NotAResultError(Exception):
    """The file is not what the product makes, or it is damaged."""


class NotAPictureError(NotAResultError):
    """The file is not a supported picture, or it is damaged."""


class NotAFilmError(NotAResultError):
    """The file is not a supported film, or it is damaged."""


class InputError(Exception):
    """The input picture cannot be used; `kind` says why."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a picture from its header."""

    path: Path
    extension: str
    width_px: int
    height_px: int
    size_bytes: int

    @property
    def fits_photo(self) -> bool:
        """Whether Telegram takes it as a photo."""
        long, short = max(self.width_px, self.height_px), min(self.width_px, self.height_px)
        return (
            self.extension in PHOTO_EXTENSIONS
            and self.size_bytes <= PHOTO_MAX_BYTES
            and self.width_px + self.height_px <= PHOTO_MAX_SIDES_PX
            and long <= short * PHOTO_MAX_RATIO
        )

    @property
    def ways(self) -> tuple[SentAs, ...]:
        """As what Telegram may take it, the best first."""
        return ("photo", "document") if self.fits_photo else ("document",)


@dataclass(frozen=True, slots=True)
class Film:
    """What is known of a film from its header and its first picture."""

    path: Path
    codec: str
    width_px: int
    height_px: int
    duration_s: float
    size_bytes: int
    thumbnail: bytes = field(repr=False)  # JPEG
    extension: str = FILM_EXTENSION

    @property
    def ways(self) -> tuple[SentAs, ...]:
        """As what Telegram may take it, the best first."""
        return ("video", "document") if self.codec in VIDEO_CODECS else ("document",)


Result = Picture | Film


def inspect_picture(path: Path) -> Picture:
    """Look at a picture's header and check its frame. Blocking: call it in a thread.

    Raises:
        NotAPictureError: no picture, a broken one, or one of absurd dimensions.
    """
    try:
        with Image.open(path) as image:
            extension = EXTENSIONS[image.format or ""]
            width_px, height_px = image.size
            image.verify()
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        KeyError,
        OSError,
        SyntaxError,  # Pillow's word for a PNG with a wrong checksum
        ValueError,
    ) as error:
        raise NotAPictureError(f"{type(error).__name__}") from error
    return Picture(path, extension, width_px, height_px, path.stat().st_size)
