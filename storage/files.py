"""The file store on disk, one folder of results, and which bucket takes which of them."""

import logging
import os
import secrets
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageFullError
from storage.private import make_private_folder

logger = logging.getLogger(__name__)


FILM_SUFFIX = ".mp4"


@dataclass(frozen=True, slots=True)
class Buckets:
    """Where files are kept that do not stay on the disk."""

    inputs: str = "bot-images"
    images: str = "images"
    videos: str = "videos"

    def of(self, key: str) -> str:
        """The one for a result of that key."""
        return self.videos if key.endswith(FILM_SUFFIX) else self.images


def new_key(extension: str) -> str:
    """A key for a new file, e.g. `3f/3fa0...c1.png`: lower-case hex, 128 random bits."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}.{extension}"


class DiskFiles:
    """Files under `folder`, by keys that cannot be guessed.

    A picture arrives by being written to `incoming(key)` and made to last by `keep(key)`: what
    stands under its own name is whole.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        # What an earlier process left half written is fetched anew.
        shutil.rmtree(self._incoming, ignore_errors=True)
        try:
            make_private_folder(folder)
            make_private_folder(self._incoming)  # or it is still there: not all was ours to remove
        except OSError as error:
            raise StorageFullError(f"{self._incoming} cannot be used: {error.strerror}") from error

    def path(self, key: str) -> Path:
        """The path of that key's file."""
        return self._folder / key

    def incoming(self, name: str) -> Path:
        """The path for writing a file that is not complete yet. Writing it again starts over."""
        return self._incoming / name

    def keep(self, incoming: Path, key: str) -> Path:
        """Move a complete file to its final path."""
        path = self.path(key)
        make_private_folder(path.parent)
        return incoming.replace(path)

    def has(self, key: str) -> bool:
        """Whether the file of that key is there."""
        return os.path.isfile(self.path(key))  # noqa: PTH113 - Path's raises where nobody may look

    def remove(self, key: str) -> None:
        """Remove a file, if it is there."""
        self.path(key).unlink(missing_ok=True)

    def remove_older(self, seconds: float, now: float, needed: Collection[str]) -> int:
        """Remove the files that were last written so long ago, and say how many.

        `needed`: the keys of those that stay all the same.
        """
        removed = 0
        for path in self._folder.glob("??/*"):
            if f"{path.parent.name}/{path.name}" in needed:
                continue
            try:
                if path.stat().st_mtime < now - seconds:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
            except OSError as error:  # one that cannot be removed keeps none of the others
                logger.warning("%s is old and cannot be removed: %s", path, error.strerror)
        return removed
