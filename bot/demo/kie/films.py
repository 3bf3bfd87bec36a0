"""Films: a still that the camera comes closer to, and snow where it is winter."""

from __future__ import annotations

import io
import random

import av
from PIL import Image, ImageDraw, ImageOps

FRAMES_PER_S = 8
LONGEST_PX = 640
FLAKES = 60
CLOSER = 0.25  # of each side is out of the picture in the end


def film(still: bytes, ratio: str, seconds: float, *, snow: bool) -> bytes:
    """An mp4 that every browser plays: H.264 in yuv420p, which begins with the still."""
    across, down = (int(part) for part in ratio.split(":"))
    scale = LONGEST_PX / max(across, down)
    size = (max(2, round(across * scale / 2) * 2), max(2, round(down * scale / 2) * 2))
    with Image.open(io.BytesIO(still)) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    # Larger than the frames, so that what comes closer stays sharp.
    wide = ImageOps.fit(upright, (size[0] * 5 // 4, size[1] * 5 // 4)).convert("RGBA")
    count = max(1, round(seconds * FRAMES_PER_S))
    rng = random.Random(len(still))  # noqa: S311 - a picture, no secret
    flakes = [(rng.random(), rng.random(), rng.uniform(1, 4)) for _ in range(FLAKES * snow)]
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        options = {"preset": "veryfast", "crf": "27", "threads": "1"}
        stream = container.add_stream("libx264", FRAMES_PER_S, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index in range(count):
            cut = CLOSER / 2 * index / count
            top = wide.height * cut * 1.6
            foot = top + wide.height * (1 - 2 * cut)
            box = (wide.width * cut, top, wide.width * (1 - cut), foot)
            frame = wide.resize(size, Image.Resampling.BILINEAR, box=box)
            _snow(frame, flakes, index / FRAMES_PER_S)
            container.mux(stream.encode(av.VideoFrame.from_bytes(frame.tobytes(), *size)))
        container.mux(stream.encode(None))
    return out.getvalue()


def _snow(frame: Image.Image, flakes: list[tuple[float, float, float]], at_s: float) -> None:
    """The larger a flake, the nearer it is and the faster it falls."""
    draw = ImageDraw.Draw(frame)
    for x, y, size in flakes:
        left = (x + 0.02 * size * at_s) % 1 * frame.width
        top = (y + 0.07 * size * at_s) % 1 * frame.height
        draw.ellipse((left, top, left + size * 1.5, top + size * 1.5), fill=(250, 252, 255))
