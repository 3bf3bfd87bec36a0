"""Attachments other than photos and documents, as the bot receives them.

Fields: Bot API, Voice, Audio, Video, VideoNote, Animation, Sticker, Contact, Location, Poll.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .media import Files

_DATA = bytes(64)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind; its name is that of the message's field."""

    fields: Mapping[str, Any]  # of what stands there, and what they are if nothing else is said
    file: tuple[str, str, str] | None = None  # its type to Telegram's errors, prefix of ids, path
    takes_caption: bool = False
    album: str = ""  # kinds of one word may stand in one album; "": in none


_FILM = {"width": 640, "height": 360, "duration": 5, "mime_type": "video/mp4"}
_NO = dict.fromkeys(("is_animated", "is_video"), False)
_OPTIONS = [{"persistent_id": word, "text": word, "voter_count": 0} for word in ("лиса", "кот")]
_POLL = {"id": "5000000000000000001", "question": "Лиса или кот?", "type": "regular"}
_RULES = ("is_closed", "is_anonymous", "allows_multiple_answers", "allows_revoting", "members_only")
KINDS = {
    "voice": Kind(
        {"duration": 3, "mime_type": "audio/ogg"},
        ("VoiceNote", "AwACAgIAA", "voice/file_{}.oga"),
        takes_caption=True,
    ),
    "audio": Kind(
        {"duration": 180, "mime_type": "audio/mpeg", "file_name": "audio.mp3"},
        ("Audio", "CQACAgIAA", "music/file_{}.mp3"),
        takes_caption=True,
        album="audio",
    ),
    "video": Kind(
        {**_FILM, "file_name": "video.mp4"},
        ("Video", "BAACAgIAA", "videos/file_{}.mp4"),
        takes_caption=True,
        album="seen",
    ),
    "video_note": Kind(
        {"length": 384, "duration": 5}, ("VideoNote", "DQACAgIAA", "video_notes/file_{}.mp4")
    ),
    "animation": Kind(
        {**_FILM, "file_name": "animation.gif.mp4"},
        ("Animation", "CgACAgIAA", "animations/file_{}.mp4"),
        takes_caption=True,
    ),
    "sticker": Kind(
        {"type": "regular", "width": 512, "height": 512, "emoji": "🦊", **_NO},
        ("Sticker", "CAACAgIAA", "stickers/file_{}.webp"),
    ),
    "contact": Kind({"phone_number": "79001234567", "first_name": "Борис"}),
    "location": Kind({"latitude": 55.751244, "longitude": 37.618423}),
    "poll": Kind(
        {**_POLL, "options": _OPTIONS, "total_voter_count": 0, **dict.fromkeys(_RULES, False)}
    ),
}
CAPTIONED = frozenset(name for name, kind in KINDS.items() if kind.takes_caption)


def attached(files: Files, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a message that holds this. Raises LookupError for what no client sends."""
    kind = KINDS[name]
    if unknown := fields.keys() - kind.fields.keys():
        raise LookupError(f"a {name} has no {sorted(unknown)}")
    body = {**kind.fields, **fields}
    if kind.file is None:
        return {name: body}
    file = files.add(*kind.file, _DATA)
    body |= {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": len(_DATA)}
    if name != "animation":
        return {name: body}
    # It comes as a document as well, for older bots.
    older = ("file_id", "file_unique_id", "file_name", "mime_type", "file_size")
    return {name: body, "document": {field: body[field] for field in older}}
