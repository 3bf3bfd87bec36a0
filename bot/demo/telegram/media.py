"""Files: what Telegram takes as a photo or a document, and what it makes of them.

Limits and texts: Bot API, "Sending files" and sendPhoto; github.com/tdlib/td,
td/telegram/files/FileLoaderUtils.cpp.
"""

from __future__ import annotations

import io
import mimetypes
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from .refusal import RefusedError

MAX_PHOTO_BYTES = 10 << 20
MAX_PHOTO_SIDES_PX = 10_000
MAX_PHOTO_RATIO = 20
MAX_DOWNLOAD_BYTES = 20 << 20
MAX_REQUEST_BYTES = 50 << 20
PHOTO_EXTENSIONS = (".jpg", ".jpeg", ".gif", ".png", ".tif", ".bmp")
_SIDES_PX = (90, 320, 800, 1280)
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it came over the wire."""

    filename: str
    content_type: str
    data: bytes


@dataclass(eq=False)
class File:
    """A file that Telegram keeps: `data` is what a download gives, `uploaded` what was sent in.

    A photo is not what was uploaded: Telegram makes several smaller JPEGs of it. They are painted
    when somebody asks for them, so that sending many photos stays cheap.
    """

    file_id: str
    unique_id: str
    kind: str  # "Photo", "Document" and so on, as Telegram's errors name it
    uploaded: bytes = field(repr=False)
    name: str = ""
    mime_type: str = ""
    width: int = 0
    height: int = 0
    path: str = ""
    sizes: list[File] = field(default_factory=list, repr=False)  # of the photo, the smallest first
    link_until: float = 0.0  # the download link works until then, by the emulator's clock

    @cached_property
    def data(self) -> bytes:
        """The bytes a download gives."""
        if self.kind != "Photo":
            return self.uploaded
        with Image.open(io.BytesIO(self.uploaded)) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        shown = (
            upright.resize((self.width, self.height)) if upright.width != self.width else upright
        )
        jpeg = io.BytesIO()
        shown.save(jpeg, "JPEG", quality=87)
        return jpeg.getvalue()

    def wire(self) -> dict[str, Any]:
        """PhotoSize or Document. The size of a photo is told only once it is painted."""
        common: dict[str, Any] = {"file_id": self.file_id, "file_unique_id": self.unique_id}
        if self.kind == "Photo":
            common |= {"width": self.width, "height": self.height}
            return common | ({"file_size": len(self.data)} if "data" in self.__dict__ else {})
        common |= {"file_name": self.name} if self.name else {}
        common |= {"mime_type": self.mime_type} if self.mime_type else {}
        return common | {"file_size": len(self.uploaded)}


def check_upload(upload: Upload, kind: str) -> None:
    """Refuse what is not even uploaded to Telegram."""
    if not upload.data:
        raise RefusedError("file must be non-empty")
    if kind == "Photo" and len(upload.data) > MAX_PHOTO_BYTES:
        raise RefusedError(
            f"file of size {len(upload.data)} bytes is too big for a photo; "
            f"the maximum size is {MAX_PHOTO_BYTES} bytes"
        )


def check_photo(upload: Upload) -> tuple[int, int]:
    """Width and height in pixels as shown. Raises RefusedError for what is no photo to Telegram."""
    check_upload(upload, "Photo")
    if PurePath(upload.filename).suffix.lower() not in PHOTO_EXTENSIONS:
        raise RefusedError(
            "photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp"
        )
    width, height = image_size(upload.data)
    if width + height > MAX_PHOTO_SIDES_PX or max(width, height) > MAX_PHOTO_RATIO * min(
        width, height
    ):
        raise RefusedError("PHOTO_INVALID_DIMENSIONS")
    return width, height


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header, turned as Exif says. Raises RefusedError for no image."""
    try:
        with warnings.catch_warnings():
            # A header that promises very many pixels is an ordinary refusal here, by its sides.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                if image.format == "JPEG":
                    if b"\xff\xd9" not in data[-64:]:
                        raise RefusedError("IMAGE_PROCESS_FAILED")
                    turned = image.getexif().get(_EXIF_ORIENTATION, 1) >= 5
                    return image.size[::-1] if turned else image.size
                size = image.size
                if size[0] + size[1] <= MAX_PHOTO_SIDES_PX:
                    image.verify()
                return size
    except Image.DecompressionBombError:
        raise RefusedError("PHOTO_INVALID_DIMENSIONS") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise RefusedError("IMAGE_PROCESS_FAILED") from error


class Files:
    """Every file of the chats, by its id."""

    def __init__(self, first_id: int) -> None:
        self._next_number = first_id
        self._by_id: dict[str, File] = {}
        self._by_path: dict[str, File] = {}

    def clear(self) -> None:
        self._by_id.clear()
        self._by_path.clear()

    def __getitem__(self, file_id: str) -> File:
        return self._by_id[file_id]

    def __iter__(self) -> Iterator[File]:
        return iter(self._by_id.values())

    def at(self, path: str) -> File | None:
        """The file behind a download link."""
        return self._by_path.get(path)

    def add_document(self, upload: Upload, mime_type: str | None = None) -> File:
        """Keep a document under a new id. The type is guessed from the name, as Telegram does."""
        name = PurePath(upload.filename.replace("\\", "/")).name
        guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return self._add(
            lambda number: File(
                *_ids("BQACAgIAAxkD", number),
                kind="Document",
                uploaded=upload.data,
                name=name,
                mime_type=mime_type or guessed,
                path=f"documents/file_{number}{PurePath(name).suffix}",
            )
        )

    def add_other(self, upload: Upload, *, kind: str, prefix: str, folder: str) -> File:
        """Keep a file of another kind: voice, video, sticker and the like."""
        return self._add(
            lambda number: File(
                *_ids(prefix, number),
                kind=kind,
                uploaded=upload.data,
                name=upload.filename,
                mime_type=upload.content_type,
                path=f"{folder}/file_{number}{PurePath(upload.filename).suffix}",
            )
        )

    def new_number(self) -> int:
        """A number that nothing else has."""
        self._next_number += 1
        return self._next_number - 1

    def add_photo(self, data: bytes, width: int, height: int) -> File:
        """Keep a photo; the answer is its largest size, and `.sizes` are all of them."""
        sizes: list[File] = []
        longest = max(width, height)
        for side in _SIDES_PX:
            scale = min(1.0, side / longest)
            shown = max(1, round(width * scale)), max(1, round(height * scale))
            sizes.append(self._add_size(data, shown, sizes))
            if side >= longest:
                break
        return sizes[-1]

    def _add_size(self, data: bytes, shown: tuple[int, int], sizes: list[File]) -> File:
        return self._add(
            lambda number: File(
                *_ids("AgACAgIAAxkD", number),
                kind="Photo",
                uploaded=data,
                width=shown[0],
                height=shown[1],
                path=f"photos/file_{number}.jpg",
                sizes=sizes,
            )
        )

    def _add(self, make: Callable[[int], File]) -> File:
        file = make(self.new_number())
        self._by_id[file.file_id] = self._by_path[file.path] = file
        return file

    def find(self, file_id: str, kind: str) -> File:
        """The file a bot sends again by its id. Raises RefusedError."""
        if file_id.startswith(("http://", "https://")):
            # Nothing is fetched from here: the bot is to upload bytes.
            raise RefusedError("failed to get HTTP URL content")
        file = self._by_id.get(file_id)
        if file is None:
            raise RefusedError("wrong file identifier/HTTP URL specified")
        if file.kind != kind:
            raise RefusedError(f"can't use file of type {file.kind} as {kind}")
        return file


def _ids(prefix: str, number: int) -> tuple[str, str]:
    return f"{prefix}{number:08d}EmulatedFileIdentifierAAE", f"AQAD{number:08d}Emulated"
