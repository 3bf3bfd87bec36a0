"""File permissions: only the bot's own system user can read people's prompts and pictures."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

OTHERS = 0o077

logger = logging.getLogger(__name__)


def keep_private() -> None:
    """Have this process, and those it starts, make files and folders for their owner alone."""
    os.umask(OTHERS)


def make_private_folder(path: Path) -> None:
    """Make a folder, if it is not there."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file, if there is none: SQLite gives those beside it the same rights."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def tighten(data_dir: Path) -> None:
    """Remove other users' permissions on files of older versions; pictures lie in folders, and
    those are enough. What belongs to somebody else is left, and nothing here stops a start."""
    for path in _ours(data_dir):
        try:
            found = path.lstat()
            if found.st_uid == os.geteuid() and found.st_mode & OTHERS and not path.is_symlink():
                path.chmod(found.st_mode & 0o700)
                logger.info("%s is now readable by its owner only", path)
        except OSError as error:
            logger.warning("%s may be read by others: %s", path, error.strerror)


def _ours(data_dir: Path) -> Iterator[Path]:
    yield data_dir
    for pattern in ("bot*.db*", "lock", "files", "files/incoming", "files/??"):
        yield from data_dir.glob(pattern)
