"""Pictures of the size that the real ones have."""

import io
import os
from pathlib import Path

from PIL import Image

BYTES_PER_PIXEL = 0.48


def noise_png(side_px: int = 1024, noise_px: int = 660) -> bytes:
    """A PNG of 1024 x 1024 and about 1.3 MB, as drawn pictures are: partly hard to compress."""
    picture = Image.new("RGB", (side_px, side_px), "teal")
    noise = Image.frombytes("RGB", (noise_px, noise_px), os.urandom(3 * noise_px**2))
    picture.paste(noise, (0, 0))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def make_jpeg(megabytes: int, path: Path) -> None:
    """A noisy JPEG of about that many megabytes."""
    side_px = int((megabytes * 1e6 / BYTES_PER_PIXEL) ** 0.5)
    noise = Image.frombytes("RGB", (side_px, side_px), os.urandom(3 * side_px**2))
    noise.save(path, "JPEG", quality=60)
