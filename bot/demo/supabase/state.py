"""What is stored: buckets and objects."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


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
        created, updated = iso(self.created_at), iso(self.updated_at)
        metadata = {
            "eTag": self.etag,
            "size": len(self.data),
            "mimetype": self.content_type,
            "cacheControl": self.cache_control,
            "lastModified": updated,
            "contentLength": len(self.data),
            "httpStatusCode": 200,
        }
        return {
            "bucket_id": self.bucket,
            "owner": "",
            "name": self.key,
            "id": self.id,
            "updated_at": updated,
            "created_at": created,
            "last_accessed_at": created,
            "metadata": metadata,
        }

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


def iso(at: float) -> str:
    """A moment as Storage writes it, UTC in milliseconds."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
