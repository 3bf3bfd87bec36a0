"""The state of the emulator: buckets and objects."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

from bot.demo.base import iso


@dataclass(slots=True)
class Bucket:
    """A bucket. `file_size_limit` in bytes; None: the server's. No `allowed_mime_types`: all."""

    name: str
    public: bool
    file_size_limit: int | None
    allowed_mime_types: list[str] | None
    created_at: float

    def allows(self, content_type: str) -> bool:
        """Whether the bucket takes that type; `image/*` in its list stands for every image."""
        given = content_type.partition(";")[0].strip()
        family = given.partition("/")[0] + "/*"
        return not self.allowed_mime_types or bool({given, family} & {*self.allowed_mime_types})

    def record(self) -> dict[str, Any]:
        return {
            "id": self.name,
            "name": self.name,
            "owner": "",
            "public": self.public,
            "file_size_limit": self.file_size_limit,
            "allowed_mime_types": self.allowed_mime_types,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.created_at),
        }


@dataclass(slots=True)
class StoredObject:
    """A stored file. `upserts`: how often it was overwritten."""

    bucket: str
    key: str
    data: bytes
    content_type: str
    cache_control: str
    created_at: float
    updated_at: float
    upserts: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.data, usedforsecurity=False).hexdigest()}"'

    def row(self) -> dict[str, Any]:
        """A file that was removed, as the answer to its removal lists it."""
        created, updated, size = iso(self.created_at), iso(self.updated_at), len(self.data)
        metadata = {"eTag": self.etag, "size": size, "mimetype": self.content_type}
        metadata |= {"cacheControl": self.cache_control, "lastModified": updated}
        metadata |= {"contentLength": size, "httpStatusCode": 200}
        row = {"bucket_id": self.bucket, "owner": "", "name": self.key, "id": self.id}
        row |= {"updated_at": updated, "created_at": created, "last_accessed_at": created}
        return row | {"metadata": metadata}

    def info(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.key,
            "bucket_id": self.bucket,
            "size": len(self.data),
            "content_type": self.content_type,
            "cache_control": self.cache_control,
            "etag": self.etag,
            "metadata": {},
            "last_modified": iso(self.updated_at),
            "created_at": iso(self.created_at),
        }
