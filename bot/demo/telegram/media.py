"""Files: what Telegram takes as a photo or a document, and what it makes of them.

Limits and texts: Bot API, "Sending files" and sendPhoto; github.com/tdlib/td,
td/telegram/files/FileLoaderUtils.cpp.
"""

from __future__ import annotations

import io
import mimetypes
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import PurePath
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from .refusal import RefusedError

MAX_PHOTO_BYTES = 10 << 20
MAX_PHOTO_SIDES_PX = 10_000
MAX_PHOTO_RATIO = 20
MAX_THUMBNAIL_BYTES = 200 << 10
MAX_THUMBNAIL_SIDE_PX = 320
MAX_DOWNLOAD_BYTES = 20 << 20
MAX_REQUEST_BYTES = 50 << 20
PHOTO_EXTENSIONS = (".jpg", ".jpeg", ".gif", ".png", ".tif", ".bmp")
_SIDES_PX = (90, 320, 800, 1280)
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it came over the wire."""

    filename: str
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
    path: str
    name: str = ""
    mime_type: str = "application/octet-stream"
    width: int = 0
    height: int = 0
    duration: int = 0  # seconds, as the bot said
    sizes: list[File] = field(default_factory=list, repr=False)  # of the photo, the smallest first
    thumbnail: File | None = field(default=None, repr=False)
    link_until: float = 0.0  # the download link works until then, by the emulator's clock

    @cached_property
    def data(self) -> bytes:
        """The bytes a download gives."""
        if self.kind != "Photo":
            return self.uploaded
        with Image.open(io.BytesIO(self.uploaded)) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        if upright.width != self.width:
            upright = upright.resize((self.width, self.height))
        jpeg = io.BytesIO()
        upright.save(jpeg, "JPEG", quality=87)
        return jpeg.getvalue()

    def wire(self) -> dict[str, Any]:
        """PhotoSize, Video or Document. The size of a photo is told only once it is painted."""
        common: dict[str, Any] = {"file_id": self.file_id, "file_unique_id": self.unique_id}
        if self.kind in {"Photo", "Thumbnail"}:
            common |= {"width": self.width, "height": self.height}
            return common | ({"file_size": len(self.data)} if "data" in self.__dict__ else {})
        common |= {"file_name": self.name, "mime_type": self.mime_type}
        if self.kind == "Video":
            common |= {"width": self.width, "height": self.height, "duration": self.duration}
        if self.thumbnail is not None:
            common |= {"thumbnail": self.thumbnail.wire()}
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
    ratio = max(width, height) / min(width, height)
    if width + height > MAX_PHOTO_SIDES_PX or ratio > MAX_PHOTO_RATIO:
        raise RefusedError("PHOTO_INVALID_DIMENSIONS")
    return width, height


def check_video(upload: Upload) -> None:
    """Raises RefusedError for what is no mp4; the real server makes a document of it."""
    check_upload(upload, "Video")
    if not is_mp4(upload):
        raise RefusedError("VIDEO_CONTENT_TYPE_INVALID")


def is_mp4(upload: Upload) -> bool:
    return upload.data[4:8] == b"ftyp"


def check_thumbnail(value: Upload | str) -> tuple[bytes, int, int]:
    """The picture with its width and height. Raises RefusedError for what is no thumbnail: the
    real server leaves out what it cannot use, here the slip is to be seen."""
    if isinstance(value, str):
        raise RefusedError("thumbnails can't be reused and can be only uploaded as a new file")
    if len(value.data) > MAX_THUMBNAIL_BYTES:
        raise RefusedError(
            f"file of size {len(value.data)} bytes is too big for a thumbnail; "
            f"the maximum size is {MAX_THUMBNAIL_BYTES} bytes"
        )
    if not value.data.startswith(b"\xff\xd8"):
        raise RefusedError("a thumbnail has to be a JPEG")
    width, height = image_size(value.data)
    if max(width, height) > MAX_THUMBNAIL_SIDE_PX:
        raise RefusedError("a thumbnail's sides are at most 320 px")
    return value.data, width, height


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
        self._numbers = count(first_id)
        self._by_id: dict[str, File] = {}
        self._by_path: dict[str, File] = {}

    def __getitem__(self, file_id: str) -> File:
        return self._by_id[file_id]

    def at(self, path: str) -> File | None:
        """The file behind a download link."""
        return self._by_path.get(path)

    def add(self, kind: str, prefix: str, path: str, uploaded: bytes, **more: Any) -> File:
        """Keep a file under a new id; `path` lacks its number."""
        number = next(self._numbers)
        file_id = f"{prefix}xkD{number:08d}EmulatedFileIdentifierAAE"
        unique_id = f"AQAD{number:08d}Emulated"
        file = File(file_id, unique_id, kind, uploaded, path.format(number), **more)
        self._by_id[file_id] = self._by_path[file.path] = file
        return file

    def add_document(self, upload: Upload, mime_type: str | None = None) -> File:
        """Keep a document. Its type is guessed from the name, as Telegram does."""
        name = PurePath(upload.filename.replace("\\", "/")).name
        path = f"documents/file_{{}}{PurePath(name).suffix}"
        kind = mime_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return self.add("Document", "BQACAgIAA", path, upload.data, name=name, mime_type=kind)

    def add_video(self, upload: Upload, **facts: Any) -> File:
        """Keep a film; `facts` are what the bot says of it."""
        name = PurePath(upload.filename.replace("\\", "/")).name
        kind = ("Video", "BAACAgIAA", "videos/file_{}.mp4", upload.data)
        return self.add(*kind, name=name, mime_type="video/mp4", **facts)

    def add_thumbnail(self, value: Upload | str | None) -> File | None:
        """Keep what was sent along with a file, if it was. Raises RefusedError."""
        if value is None:
            return None
        data, width, height = check_thumbnail(value)
        kind = ("Thumbnail", "AAMCAgIAA", "thumbnails/file_{}.jpg", data)
        return self.add(*kind, width=width, height=height, mime_type="image/jpeg")

    def add_photo(self, data: bytes, width: int, height: int) -> File:
        """Keep a photo; the answer is its largest size, and `.sizes` are all of them."""
        sizes: list[File] = []
        longest = max(width, height)
        for side in _SIDES_PX:
            scale = min(1.0, side / longest)
            w, h = (max(1, round(pixels * scale)) for pixels in (width, height))
            kind = ("Photo", "AgACAgIAA", "photos/file_{}.jpg")
            sizes.append(self.add(*kind, data, width=w, height=h, sizes=sizes))
            if side >= longest:
                break
        return sizes[-1]

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
