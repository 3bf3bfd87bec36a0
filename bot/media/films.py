"""What kind of film a file is.

The work is done by a process of its own (`python -m bot.media.films FILM`): a line of JSON about
the film on its standard output, and behind it the thumbnail.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from bot.media.isolation import TIMEOUT_S, limit_memory, run_isolated
from bot.media.kinds import Film, NotAFilmError
from bot.service_limits import THUMBNAIL_MAX_SIDE_PX

NOT_A_FILM = 3  # the exit code; that of a killed process says as little of the file
UNABLE = 1  # Python's own: of the file it says nothing


async def inspect_film(path: Path, *, timeout_s: float = TIMEOUT_S) -> Film:
    """Look at a film: its frame, how long it is, and its first picture.

    Raises:
        NotAFilmError: no mp4, a broken one, or one that the decoder does not survive.
        OSError: there is no such file, or it may not be read; or no film can be looked at here.
    """
    import asyncio  # here, as in `run_isolated`

    size_bytes = (await asyncio.to_thread(path.stat)).st_size
    try:
        code, said = await run_isolated("bot.media.films", str(path), timeout_s=timeout_s)
    except TimeoutError as error:
        raise NotAFilmError("looking at it took too long") from error
    if code == UNABLE:
        raise OSError("films cannot be looked at: is PyAV installed as requirements.txt has it?")
    if code != 0:
        words = said.decode(errors="replace") if code == NOT_A_FILM else "it ended"
        raise NotAFilmError(f"{words} ({code})")
    facts, _, thumbnail = said.partition(b"\n")
    return Film(path, size_bytes=size_bytes, thumbnail=thumbnail, **json.loads(facts))


def look_at(path: Path) -> tuple[dict[str, Any], bytes]:
    """The work itself, in this process: what is to be known of a film, and its thumbnail.

    Raises:
        ImportError: there is no decoder.
        Exception: it is none, or cannot be read.
    """
    import av  # 60 MB of decoders that the bot itself never needs

    with path.open("rb") as file:
        if not _is_whole(file, path.stat().st_size):
            raise ValueError("the file ends too early")
        # From an open file, and as mp4 whatever it looks like: else a list of other files, or of
        # addresses, is a film as well.
        with av.open(file, "r", format="mp4") as film:
            if not film.streams.video:
                raise ValueError("no pictures in it")
            stream = film.streams.video[0]
            stream.codec_context.thread_count = 1  # each thread takes memory of its own
            frame = next(film.decode(stream))
            facts = {
                "codec": stream.codec_context.name,
                "width_px": frame.width,
                "height_px": frame.height,
                "duration_s": (film.duration or 0) / av.time_base,
            }
            image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    image.thumbnail((THUMBNAIL_MAX_SIDE_PX, THUMBNAIL_MAX_SIDE_PX))
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=80)  # of noise, 75 kB
    return facts, jpeg.getvalue()


def _is_whole(file: Any, size_bytes: int) -> bool:
    """Whether all boxes of an mp4 are there to their end: decoders take half a film for one that
    is short. What stands behind the last, or is none, is theirs to judge."""
    at = 0
    while at + 8 <= size_bytes:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # to the end
            length = size_bytes - at
        if length < 8:
            break
        at += length
    file.seek(0)
    return at <= size_bytes


def main() -> int:
    """The process."""
    limit_memory()
    try:
        facts, thumbnail = look_at(Path(sys.argv[1]))
    except ImportError:
        return UNABLE
    except Exception as error:  # noqa: BLE001 - whatever a decoder says of it
        sys.stdout.write(f"{type(error).__name__}: {error!s:.200}")
        return NOT_A_FILM
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + thumbnail)
    return 0


if __name__ == "__main__":
    sys.exit(main())
