"""What people send besides words, photos and documents, as the bot gets to see it.

Fields and limits: Bot API, Voice, Audio, Video, VideoNote, Animation, Sticker, Contact, Location,
Poll, sendPoll, sendLocation. A client sends nothing else, so that raises ValueError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .media import File, Files, Upload

MAX_VIDEO_NOTE_S = 60
STICKER_SIDE_PX = 512
POLL_OPTIONS = (2, 12)
MAX_POLL_QUESTION = 300
MAX_POLL_OPTION = 100


@dataclass(frozen=True, slots=True)
class Attachment:
    """One of the kinds below. `name` is the message's field."""

    name: ClassVar[str]
    takes_caption: ClassVar[bool] = False
    album: ClassVar[str] = ""  # kinds of one word may stand in one album; "": in none

    def fields(self, files: Files) -> dict[str, Any]:
        """The fields of the message."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Filed(Attachment):
    """A file with something to it."""

    kind: ClassVar[str]  # as Telegram's errors name it
    prefix: ClassVar[str]  # of its file_id
    folder: ClassVar[str]

    data: bytes = b"\x00" * 64

    def __post_init__(self) -> None:
        _check(bool(self.data), "a client sends no empty file")

    def fields(self, files: Files) -> dict[str, Any]:
        file = files.add_other(
            Upload(self._file_name(), self._mime_type(), self.data),
            kind=self.kind,
            prefix=self.prefix,
            folder=self.folder,
        )
        return {self.name: self._wire(file)}

    def _wire(self, file: File) -> dict[str, Any]:
        return {
            "file_id": file.file_id,
            "file_unique_id": file.unique_id,
            "file_size": len(self.data),
            **self._facts(),
        }

    def _file_name(self) -> str:
        raise NotImplementedError

    def _mime_type(self) -> str:
        raise NotImplementedError

    def _facts(self) -> dict[str, Any]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Voice(Filed):
    """A voice message."""

    name = "voice"
    takes_caption = True
    kind, prefix, folder = "VoiceNote", "AwACAgIAAxkD", "voice"

    duration_s: int = 3

    def _file_name(self) -> str:
        return "voice.oga"

    def _mime_type(self) -> str:
        return "audio/ogg"

    def _facts(self) -> dict[str, Any]:
        return {"duration": _seconds(self.duration_s), "mime_type": self._mime_type()}


@dataclass(frozen=True, slots=True)
class Audio(Filed):
    """Music."""

    name = "audio"
    takes_caption = True
    album = "audio"
    kind, prefix, folder = "Audio", "CQACAgIAAxkD", "music"

    duration_s: int = 180
    title: str = ""
    performer: str = ""

    def _file_name(self) -> str:
        return f"{self.title or 'audio'}.mp3"

    def _mime_type(self) -> str:
        return "audio/mpeg"

    def _facts(self) -> dict[str, Any]:
        facts = {"duration": _seconds(self.duration_s), "mime_type": self._mime_type()}
        words = {"title": self.title, "performer": self.performer}
        return facts | {"file_name": self._file_name()} | {k: v for k, v in words.items() if v}


@dataclass(frozen=True, slots=True)
class Video(Filed):
    """A film."""

    name = "video"
    takes_caption = True
    album = "seen"
    kind, prefix, folder = "Video", "BAACAgIAAxkD", "videos"

    duration_s: int = 5
    width: int = 640
    height: int = 360

    def _file_name(self) -> str:
        return "video.mp4"

    def _mime_type(self) -> str:
        return "video/mp4"

    def _facts(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "duration": _seconds(self.duration_s),
            "file_name": self._file_name(),
            "mime_type": self._mime_type(),
        }


@dataclass(frozen=True, slots=True)
class VideoNote(Filed):
    """A round film of a minute at most."""

    name = "video_note"
    kind, prefix, folder = "VideoNote", "DQACAgIAAxkD", "video_notes"

    duration_s: int = 5
    length: int = 384

    def _file_name(self) -> str:
        return "note.mp4"

    def _mime_type(self) -> str:
        return "video/mp4"

    def _facts(self) -> dict[str, Any]:
        _check(self.duration_s <= MAX_VIDEO_NOTE_S, "a video note is a minute long at most")
        return {"length": self.length, "duration": _seconds(self.duration_s)}


@dataclass(frozen=True, slots=True)
class Animation(Filed):
    """A GIF, or a film without sound. It comes as a document as well, for older bots."""

    name = "animation"
    takes_caption = True
    kind, prefix, folder = "Animation", "CgACAgIAAxkD", "animations"

    duration_s: int = 2
    width: int = 320
    height: int = 240

    def fields(self, files: Files) -> dict[str, Any]:
        fields = Filed.fields(self, files)
        kept = ("file_id", "file_unique_id", "file_name", "mime_type", "file_size")
        animation = fields[self.name]
        return fields | {"document": {name: animation[name] for name in kept}}

    def _file_name(self) -> str:
        return "animation.gif.mp4"

    def _mime_type(self) -> str:
        return "video/mp4"

    def _facts(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "duration": _seconds(self.duration_s),
            "file_name": self._file_name(),
            "mime_type": self._mime_type(),
        }


@dataclass(frozen=True, slots=True)
class Sticker(Filed):
    """A sticker that stands still."""

    name = "sticker"
    kind, prefix, folder = "Sticker", "CAACAgIAAxkD", "stickers"

    emoji: str = "🦊"
    set_name: str = "Foxes"
    width: int = STICKER_SIDE_PX
    height: int = STICKER_SIDE_PX

    def _file_name(self) -> str:
        return "sticker.webp"

    def _mime_type(self) -> str:
        return "image/webp"

    def _facts(self) -> dict[str, Any]:
        longest = max(self.width, self.height)
        _check(longest == STICKER_SIDE_PX, "one side of a sticker has 512 pixels")
        return {
            "type": "regular",
            "width": self.width,
            "height": self.height,
            "is_animated": False,
            "is_video": False,
            "emoji": self.emoji,
            "set_name": self.set_name,
        }


@dataclass(frozen=True, slots=True)
class Contact(Attachment):
    """Somebody's number."""

    name = "contact"

    phone_number: str = "79001234567"
    first_name: str = "Борис"
    last_name: str = ""
    user_id: int | None = None

    def fields(self, files: Files) -> dict[str, Any]:
        _check(bool(self.phone_number and self.first_name), "a contact has a number and a name")
        contact: dict[str, Any] = {
            "phone_number": self.phone_number,
            "first_name": self.first_name,
        }
        contact |= {"last_name": self.last_name} if self.last_name else {}
        return {self.name: contact | ({"user_id": self.user_id} if self.user_id else {})}


@dataclass(frozen=True, slots=True)
class Location(Attachment):
    """A point on the map."""

    name = "location"

    latitude: float = 55.751244
    longitude: float = 37.618423

    def fields(self, files: Files) -> dict[str, Any]:
        _check(abs(self.latitude) <= 90 and abs(self.longitude) <= 180, "not on this planet")
        return {self.name: {"latitude": self.latitude, "longitude": self.longitude}}


@dataclass(frozen=True, slots=True)
class Poll(Attachment):
    """A question to all."""

    name = "poll"

    question: str = "Лиса или кот?"
    options: tuple[str, ...] = ("лиса", "кот")

    def fields(self, files: Files) -> dict[str, Any]:
        least, most = POLL_OPTIONS
        _check(1 <= len(self.question) <= MAX_POLL_QUESTION, "a question has 1-300 characters")
        _check(least <= len(self.options) <= most, "a poll has 2-12 options")
        for option in self.options:
            _check(1 <= len(option) <= MAX_POLL_OPTION, "an option has 1-100 characters")
        poll_id = files.new_number()
        return {
            self.name: {
                "id": str(5_000_000_000_000_000_000 + poll_id),
                "question": self.question,
                "options": [
                    {"persistent_id": f"{poll_id}-{number}", "text": option, "voter_count": 0}
                    for number, option in enumerate(self.options)
                ],
                "total_voter_count": 0,
                "is_closed": False,
                "is_anonymous": True,
                "type": "regular",
                "allows_multiple_answers": False,
                "allows_revoting": True,
                "members_only": False,
            }
        }


KINDS: dict[str, type[Attachment]] = {
    kind.name: kind
    for kind in (Voice, Audio, Video, VideoNote, Animation, Sticker, Contact, Location, Poll)
}
CAPTIONED = frozenset(name for name, kind in KINDS.items() if kind.takes_caption)


def _seconds(duration_s: int) -> int:
    _check(duration_s >= 0, "nothing lasts less than no time")
    return duration_s


def _check(holds: bool, words: str) -> None:
    if not holds:
        raise ValueError(words)
