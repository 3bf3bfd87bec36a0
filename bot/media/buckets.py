"""Checks of the Supabase buckets: what the bot needs of them."""

import logging
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager

from bot.media.kinds import CONTENT_TYPES, FILM_TYPES, INPUT_EXTENSIONS, UPLOAD_MAX_BYTES
from bot.service_limits import KIE_INPUT_MAX_BYTES
from bot.settings import Settings
from storage.catalogue import Model
from storage.supabase import FileStoreError, SupabaseStorage

# A picture of 2048 x 2048 points that does not compress at all is a PNG of 13 MB.
RESULT_BYTES = 15_000_000

logger = logging.getLogger(__name__)


@asynccontextmanager
async def open_supabase(settings: Settings) -> AsyncIterator[SupabaseStorage | None]:
    """Supabase Storage, if it is set up."""
    if settings.supabase_url is None or settings.supabase_service_role_key is None:
        yield None
        return
    key = settings.supabase_service_role_key.get_secret_value()
    async with SupabaseStorage.open(settings.supabase_url, key) as supabase:
        yield supabase


async def check_buckets(
    storage: SupabaseStorage, settings: Settings, *, films: bool
) -> AsyncIterator[tuple[str, FileStoreError | None]]:
    """Each bucket, that of films if such are on sale, with what is wrong with it; a key that is too
    weak counts for all of them."""
    try:
        storage.check_key()
    except FileStoreError as error:
        yield "", error
        return
    needed: dict[str, tuple[Collection[str], int]] = {
        settings.supabase_input_bucket: (
            [CONTENT_TYPES[each] for each in INPUT_EXTENSIONS],
            KIE_INPUT_MAX_BYTES,
        ),
        settings.supabase_image_bucket: (CONTENT_TYPES.values(), RESULT_BYTES),
    }
    if films:
        needed[settings.supabase_video_bucket] = (FILM_TYPES.values(), UPLOAD_MAX_BYTES)
    for bucket, (types, size_bytes) in needed.items():
        try:
            await storage.check_bucket(bucket, types, size_bytes)
        except FileStoreError as error:
            yield bucket, error
        else:
            yield bucket, None


def sells_films(models: Iterable[Model]) -> bool:
    """Whether any that is on sale makes films."""
    return any(model.enabled and model.product.is_film for model in models)


async def report_buckets(
    storage: SupabaseStorage | None, settings: Settings, *, films: bool
) -> None:
    """Log what is wrong with a bucket; the bot runs on without it."""
    if storage is None:
        return
    async for bucket, error in check_buckets(storage, settings, films=films):
        if error is None:
            logger.info("Supabase, bucket %r: ok", bucket)
        else:
            logger.error("%s: %s", error, error.advice)
