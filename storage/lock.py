"""The lock on the data directory: one process at a time; the system releases it at any exit."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import DatabaseInUseError, StorageFullError


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock file for as long as the block runs.

    Raises:
        DatabaseInUseError: another process holds it.
        StorageFullError: the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise StorageFullError(
            f"DATA_DIR: {path.parent} cannot be written to: {error.strerror}"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DatabaseInUseError(
                f"another process of this bot already uses the folder {path.parent}: stop it first,"
                " or give this one a DATA_DIR and a BOT_TOKEN of its own"
            ) from error
        yield
