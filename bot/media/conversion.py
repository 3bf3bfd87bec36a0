"""Conversion of a person's picture to one that the provider accepts, in a process of its own.

It is `python -m bot.media.conversion SOURCE TARGET PX LEAST_PX BYTES`.
"""

import sys
import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from bot.media.isolation import TIMEOUT_S, limit_memory, run_isolated
from bot.media.kinds import InputError
from bot.service_limits import KIE_INPUT_MAX_BYTES
from storage.failures import FailureKind

JPEG_QUALITY = 95
# From the header, before anything is decoded. JPEG is decoded at a fraction of its size.
MAX_JPEG_PIXELS = 250_000_000
MAX_PIXELS = 60_000_000

FORMATS = ("PNG", "JPEG", "WEBP", "HEIF")  # iPhones send files as HEIC


async def convert(
    source: Path,
    target: Path,
    *,
    side_px: int = 2048,
    least_px: int = 1,
    size_bytes: int = KIE_INPUT_MAX_BYTES,
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Write the picture of `source` upright to `target`, no side longer than `side_px` or shorter
    than `least_px` (where its shape allows both) and no file larger than that: a PNG, or a JPEG
    where it has to keep its sides.

    Raises:
        InputError: no picture, a broken, animated or absurdly large one; the kind says which.
    """
    try:
        code, said = await run_isolated(
            "bot.media.conversion",
            str(source),
            str(target),
            str(side_px),
            str(least_px),
            str(size_bytes),
            timeout_s=timeout_s,
        )
    except TimeoutError as error:
        raise InputError(FailureKind.INPUT_BROKEN, "the conversion took too long") from error
    if code != 0:
        word = said.decode(errors="replace").strip()
        kind = FailureKind(word) if word in set(FailureKind) else FailureKind.INPUT_BROKEN
        raise InputError(kind, f"the conversion ended with {code} {word}")


def to_input(source: Path, target: Path, side_px: int, least_px: int, size_bytes: int) -> None:
    """The conversion itself, in this process: upright, alpha kept, without metadata.

    Raises:
        InputError: see `convert`.
    """
    try:
        register_heif_opener(thumbnails=False)
        # Our own limits, from the header, stand in place of Pillow's.
        Image.MAX_IMAGE_PIXELS = None
        with warnings.catch_warnings(), Image.open(source, formats=FORMATS) as image:
            warnings.simplefilter("ignore")
            _check(image)
            _save(_upright(image, side_px, least_px), target, size_bytes)
    except UnidentifiedImageError as error:
        raise InputError(FailureKind.INPUT_NOT_A_PICTURE, "unknown format") from error
    except (OSError, SyntaxError, ValueError, MemoryError) as error:
        raise InputError(FailureKind.INPUT_BROKEN, repr(error)) from error


def _check(image: Image.Image) -> None:
    is_jpeg = image.format in {"JPEG", "MPO"}
    # Phones put several shots into one MPO or HEIF: the first is the picture.
    if getattr(image, "is_animated", False) and image.format in {"PNG", "WEBP"}:
        raise InputError(FailureKind.INPUT_ANIMATED, "several frames")
    if image.width * image.height > (MAX_JPEG_PIXELS if is_jpeg else MAX_PIXELS):
        raise InputError(FailureKind.INPUT_TOO_LARGE, f"{image.width} x {image.height} px")


def _upright(image: Image.Image, side_px: int, least_px: int) -> Image.Image:
    image.draft("RGB", (side_px, side_px))  # JPEG only: 1/2, 1/4 or 1/8 of the size
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    profile = image.info.get("icc_profile") if image.mode in {"RGB", "RGBA"} else None
    if image.mode in {"P", "PA", "LA", "La"}:  # these do not shrink well
        image = image.convert("RGBA" if has_alpha else "RGB")
    short, long = sorted(image.size)
    if short < least_px and long * least_px <= short * side_px:
        image = ImageOps.cover(image, (least_px, least_px), Image.Resampling.LANCZOS)
    image.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    image = ImageOps.exif_transpose(image).convert("RGBA" if has_alpha else "RGB")
    # A place and a name may stand in the metadata; only the colours are anybody's business.
    image.info = {"icc_profile": profile} if profile else {}
    return image


def _save(image: Image.Image, target: Path, size_bytes: int) -> None:
    image.save(target, "PNG")
    while target.stat().st_size > size_bytes:  # a large photo does not compress
        if image.mode == "RGB":
            image.save(target, "JPEG", quality=JPEG_QUALITY)
            if target.stat().st_size <= size_bytes:
                return
        image = image.resize((image.width * 4 // 5, image.height * 4 // 5))
        image.save(target, "PNG")


def main() -> int:
    """The process: one word about a failure on standard output."""
    limit_memory()
    try:
        source, target, *numbers = sys.argv[1:]
        to_input(Path(source), Path(target), *map(int, numbers))
    except InputError as error:
        sys.stdout.write(error.kind)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
