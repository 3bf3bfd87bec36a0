"""Uploads of input pictures for the provider to fetch: to Supabase, or KIE's own upload API."""

import asyncio
from typing import Protocol

from bot.media.kinds import CONTENT_TYPES, Picture
from providers.errors import AccessError, ProviderError, RefusedError
from providers.kie import Kie
from storage.files import new_key
from storage.supabase import (
    FileStoreError,
    FileStoreRefusedError,
    SupabaseStorage,
)


class UploadError(Exception):
    """`advice`: what the operator has to check."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


class UploadUnavailableError(UploadError):
    """The upload did not work this time."""


class UploadRefusedError(UploadError):
    """The upload cannot work until somebody acts."""


class Upload(Protocol):
    """A place from which the provider can download a picture."""

    trouble: str  # what the log and the admins read first when it fails

    async def upload(self, picture: Picture) -> str:
        """Upload a picture and return its public address; safe to repeat.

        Raises:
            UploadUnavailableError, UploadRefusedError
        """


class SupabaseUpload:
    """A public bucket of our own."""

    trouble = "Не удалось загрузить изображение в Supabase"

    def __init__(self, storage: SupabaseStorage, bucket: str) -> None:
        self._storage = storage
        self._bucket = bucket

    async def upload(self, picture: Picture) -> str:
        data = await asyncio.to_thread(picture.path.read_bytes)
        key, kind = new_key(picture.extension), CONTENT_TYPES[picture.extension]
        try:
            return await self._storage.put(self._bucket, key, data, kind)
        except FileStoreRefusedError as error:
            raise UploadRefusedError(str(error), error.advice) from error
        except FileStoreError as error:
            raise UploadUnavailableError(str(error), error.advice) from error


class KieUpload:
    """KIE's own uploads, which it keeps for a day or three."""

    trouble = "Не удалось загрузить изображение в KIE"

    def __init__(self, kie: Kie) -> None:
        self._kie = kie

    async def upload(self, picture: Picture) -> str:
        data = await asyncio.to_thread(picture.path.read_bytes)
        name, kind = new_key(picture.extension).partition("/")[2], CONTENT_TYPES[picture.extension]
        try:
            return await self._kie.upload(data, name, kind)
        except AccessError as error:
            raise UploadRefusedError(str(error), "check KIE_API_KEY") from error
        except RefusedError as error:
            raise UploadRefusedError(str(error), "check KIE_UPLOAD_URL") from error
        except ProviderError as error:
            raise UploadUnavailableError(str(error), "check KIE_UPLOAD_URL if it stays") from error
