"""The file store in Supabase: public buckets, through supabase-py.

FileStoreError
  FileStoreUnavailableError   the network, the gateway or the server is in trouble: again later
  FileStoreRefusedError       this file is not taken, however often it is sent
    FileStoreSetupError       it is not taken until the operator has changed the URL, the key or
                              the bucket (its limit of size, its list of types); after that the
                              same call is good

Behaviour of Storage 1.11 with supabase-py 2.34, November 2026. supabase and httpx are imported
when a store is opened: half a second and 30 MB that a bot without Supabase does not pay.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from storage3 import AsyncStorageClient
    from storage3.exceptions import StorageApiError
    from storage3.types import FileOptions

URL_ADVICE = (
    "check SUPABASE_URL: it is the project's own address, https://<project>.supabase.co "
    "(dashboard: Project Settings > Data API), with nothing behind it"
)
KEY_ADVICE = (
    "check SUPABASE_SERVICE_ROLE_KEY: it has to be the secret key (sb_secret_...) or the "
    "service_role key of the project of SUPABASE_URL, not the publishable or anon key "
    "(dashboard: Project Settings > API Keys)"
)
WAIT_ADVICE = (
    "nothing to do if it passes; if it stays, check SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY and "
    "whether the Supabase project is paused"
)
REPORT_ADVICE = "a fault of this program: please report it with this line of the log"

MB = 10**6
UPLOAD_BYTES_PER_S = 250_000  # of a slow line: so much longer may a file take
SHOWN_CHARS = 200  # of what a server says: it can be a whole page of HTML
OBJECT_KEY = re.compile(r"[a-z0-9_.-]{1,199}(/[a-z0-9_.-]{1,199})*")
# Storage's own characters; a name of dots alone would be resolved away in the URL.
BUCKET_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_!.*'() &$=@;:+,?-]{1,100}")

T = TypeVar("T")


class FileStoreError(Exception):
    """A file could not be stored or read. `advice`: what the operator has to check."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class FileStoreUnavailableError(FileStoreError):
    """The store cannot be reached or is in trouble; asking again later is safe."""


class FileStoreRefusedError(FileStoreError):
    """The store refused this file for good."""


class FileStoreSetupError(FileStoreRefusedError):
    """The store refuses it until the operator has changed a setting or the bucket."""


class SupabaseStorage:
    """Files in the buckets of one Supabase project."""

    def __init__(self, client: AsyncStorageClient, timeout_s: float, weak_key: str = "") -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._weak_key = weak_key  # what the key is, where it is none that may do everything

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, key: str, *, timeout_s: float = 60) -> AsyncIterator[Self]:
        """A client for the project at `url`; no request is made.

        `key` is the secret or service_role key. `timeout_s` limits each call as a whole. Raises
        FileStoreSetupError for a URL or a key that can be none.
        """
        import httpx
        from supabase import AsyncClientOptions, AsyncSupabaseException, acreate_client

        url, key = url.strip(), key.strip()
        # Such a key would be refused by the HTTP client, in an error that quotes all of it.
        if not re.fullmatch(r"[!-~]+", key):
            raise FileStoreSetupError(
                "SUPABASE_SERVICE_ROLE_KEY is empty or has blanks or other than ASCII characters",
                KEY_ADVICE,
            )
        async with httpx.AsyncClient(
            # httpx limits each phase; asyncio.timeout() the whole call.
            timeout=httpx.Timeout(20, connect=5),
            # To wherever a redirect leads, the header `apikey` would go along.
            follow_redirects=False,
            # An upload refused before its end leaves a connection on which the next one hangs.
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as http:
            try:
                httpx.URL(url)
                client = await acreate_client(url, key, AsyncClientOptions(httpx_client=http))
            except (AsyncSupabaseException, httpx.InvalidURL, ValueError) as error:
                raise FileStoreSetupError(f"SUPABASE_URL: {_shown(error)}", URL_ADVICE) from error
            yield cls(client.storage, timeout_s, _weak(key))

    def check_key(self) -> None:
        """Raise FileStoreSetupError for a key that says of itself that it may not do everything.

        With such a key Storage answers "removed" and removes nothing.
        """
        if self._weak_key:
            raise FileStoreSetupError(
                f"SUPABASE_SERVICE_ROLE_KEY holds {self._weak_key}", KEY_ADVICE
            )

    async def check_bucket(
        self, bucket: str, types: Collection[str] = (), size_bytes: int = 0
    ) -> None:
        """Return when the bucket is public, so that its URLs work, and takes such files.

        Raises FileStoreSetupError when it is missing or private, hidden from this key, or refuses
        one of the types or that size, and FileStoreUnavailableError when nobody could be asked.
        """
        name = _checked_bucket(bucket)
        found = await self._call(
            f"bucket {bucket!r}", bucket, lambda: self._client.get_bucket(name)
        )
        if not found.public:
            raise FileStoreSetupError(
                f"Supabase, bucket {bucket!r}: it is private, its files could not be fetched",
                f"make the bucket {bucket!r} public in the Supabase dashboard "
                "(Storage > the bucket's menu > Edit bucket > Public bucket)",
            )
        allowed = found.allowed_mime_types or types
        if refused := [each for each in types if not _allows(allowed, each)]:
            raise FileStoreSetupError(
                f"Supabase, bucket {bucket!r}: it refuses {', '.join(refused)}",
                _type_advice(bucket, "these types"),
            )
        if found.file_size_limit and found.file_size_limit < size_bytes:
            raise FileStoreSetupError(
                f"Supabase, bucket {bucket!r}: it refuses files above"
                f" {found.file_size_limit / MB:g} MB, and files of {size_bytes / MB:g} MB come",
                _size_advice(bucket),
            )

    async def put(self, bucket: str, key: str, data: bytes | Path, content_type: str) -> str:
        """Store bytes or a file, in place of any of that key, and return its public URL.

        `key`: a-z, digits, `_ - .`, in segments of 1 to 199 with `/` between. A lost connection
        is tried once more, and the whole call may be repeated. Raises FileStoreError.
        """
        if not isinstance(data, bytes | Path):
            # supabase-py opens a str as a file of that name.
            raise TypeError(f"bytes or a file are stored, not {type(data).__name__}")
        size_bytes = await asyncio.to_thread(_size, data)
        import httpx

        files = self._client.from_(_checked_bucket(bucket))
        place = _checked_key(key)
        # "true" has to be a string, and its default content type is text/plain.
        options: FileOptions = {"content-type": content_type, "upsert": "true"}

        async def upload() -> str:
            try:
                await files.upload(place, data, options)
            except httpx.LocalProtocolError:
                raise
            except httpx.TransportError:
                await files.upload(place, data, options)
            return await files.get_public_url(place)

        longer_s = size_bytes / UPLOAD_BYTES_PER_S
        return await self._call(f"putting {bucket}/{key}", bucket, upload, longer_s)

    async def get(self, bucket: str, key: str) -> bytes:
        """The bytes of a stored file. Raises FileStoreRefusedError when there is none."""
        files = self._client.from_(_checked_bucket(bucket))
        place = _checked_key(key)
        return await self._call(f"getting {bucket}/{key}", bucket, lambda: files.download(place))

    async def remove(self, bucket: str, key: str) -> None:
        """Remove a stored file, if it is there. Raises FileStoreError."""
        files = self._client.from_(_checked_bucket(bucket))
        place = _checked_key(key)
        doing = f"removing {bucket}/{key}"
        if await self._call(doing, bucket, lambda: files.remove([place])):
            return
        # Nothing was removed: there was none, or this key may not, which Storage does not tell.
        self.check_key()
        if await self._call(doing, bucket, lambda: files.exists(place)):
            raise FileStoreUnavailableError(
                f"Supabase, {doing}: answered with success, and the file is still there",
                WAIT_ADVICE,
            )

    async def _call(
        self, doing: str, bucket: str, call: Callable[[], Awaitable[T]], longer_s: float = 0
    ) -> T:
        """What `call` returns, within the timeout; its exceptions become errors of ours."""
        import httpx
        from storage3.exceptions import StorageApiError
        from supabase import StorageException

        doing = f"Supabase, {doing}"
        try:
            async with asyncio.timeout(self._timeout_s + longer_s):
                return await call()
        except StorageApiError as error:
            raise _refusal(doing, bucket, error) from error
        except httpx.LocalProtocolError:
            # Its text quotes a whole header, which may be the key: nor may it be chained.
            raise FileStoreSetupError(f"{doing}: a header is not allowed", KEY_ADVICE) from None
        except TimeoutError as error:
            text = f"{doing}: not done in {self._timeout_s + longer_s:.3g} s"
            raise FileStoreUnavailableError(text, WAIT_ADVICE) from error
        except httpx.TransportError as error:
            # A wrong host name, or https for a plain port, cannot be told from an outage.
            text = f"{doing}: {_shown(error)}"
            raise FileStoreUnavailableError(text, WAIT_ADVICE) from error
        except (
            StorageException,
            httpx.HTTPError,
            httpx.InvalidURL,
            # HTTP 200 with HTML, with other JSON, with a list or null for an object.
            ValueError,
            KeyError,
            TypeError,
        ) as error:
            text = f"{doing}: not an answer of Supabase Storage: {_shown(error)}"
            raise FileStoreSetupError(text, URL_ADVICE) from error


def _size(data: bytes | Path) -> int:
    return data.stat().st_size if isinstance(data, Path) else len(data)


def _refusal(doing: str, bucket: str, error: StorageApiError) -> FileStoreError:
    """The error of ours for a refusal.

    The status is the body's own, a str, or the HTTP status, an int, where the body is not
    Storage's: a gateway's.
    """
    status = str(error.status)
    text = f"{doing}: {status} {_cut(str(error.message or error.code))}"
    match status:
        case "404" if error.code == "Bucket not found":
            return FileStoreSetupError(
                text,
                f"create the bucket {bucket!r} in the Supabase dashboard (Storage > New bucket) "
                f"and make it public; if it is there, the key cannot see it: {KEY_ADVICE}",
            )
        case "404" if error.code == "not_found":
            return FileStoreRefusedError(text, f"the file is not in the bucket {bucket!r}")
        case "401" | "403":
            return FileStoreSetupError(text, KEY_ADVICE)
        case "409":
            return FileStoreRefusedError(text, REPORT_ADVICE)
        case "413":
            return FileStoreSetupError(text, _size_advice(bucket))
        case "415":
            return FileStoreSetupError(text, _type_advice(bucket, "this type"))
        case "400":  # our keys are checked before: what is left is a bucket, a gateway, a policy
            return FileStoreSetupError(
                text,
                f"look at the bucket {bucket!r}, its settings and policies in the Supabase "
                "dashboard, and check SUPABASE_URL; if nothing is wrong there, please report it",
            )
    # Beyond 504: Cloudflare's 52x, and 540 for a paused project.
    if status in ("408", "429") or re.fullmatch(r"5\d\d", status):
        return FileStoreUnavailableError(text, WAIT_ADVICE)
    return FileStoreSetupError(text, URL_ADVICE)  # another 404, 307 and its like


def _size_advice(bucket: str) -> str:
    return (
        f"raise the file size limit of the bucket {bucket!r} (Storage > the bucket's menu "
        "> Edit bucket), of the project (Storage > Settings), or of the proxy before it"
    )


def _type_advice(bucket: str, what: str) -> str:
    return (
        f"let the bucket {bucket!r} take {what} (Storage > the bucket's menu > Edit "
        "bucket > Allowed MIME types), or restrict none"
    )


def _allows(allowed: Collection[str], content_type: str) -> bool:
    return content_type in allowed or f"{content_type.partition('/')[0]}/*" in allowed


def _weak(key: str) -> str:
    """What a key is, by its own words, where it is none that may do everything; else "".

    The old keys are JWTs, whose middle part is readable by everybody. What is neither of the two
    kinds is left for Storage to judge.
    """
    if key.startswith("sb_"):
        return "" if key.startswith("sb_secret_") else "the publishable key"
    try:
        part = key.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        role = claims.get("role")
    except (IndexError, ValueError, AttributeError):
        return ""
    return "" if role == "service_role" else f"the {_cut(str(role or 'nameless'))} key"


def _checked_bucket(name: str) -> str:
    """The name; another one could change the address of the call."""
    if not BUCKET_NAME.fullmatch(name):
        raise FileStoreSetupError(
            f"Supabase: {_cut(repr(name))} is not a bucket's name",
            "check SUPABASE_IMAGE_BUCKET, SUPABASE_VIDEO_BUCKET and SUPABASE_INPUT_BUCKET: the "
            "name of a bucket as the Supabase dashboard shows it under Storage",
        )
    return name


def _checked_key(key: str) -> str:
    """The key: Storage takes more, but stores or shows some under another name."""
    if not OBJECT_KEY.fullmatch(key) or {".", ".."} & set(key.split("/")):
        raise FileStoreRefusedError(
            f"Supabase: {_cut(repr(key))} is not a key of ours", REPORT_ADVICE
        )
    return key


def _shown(error: Exception) -> str:
    """An error's text, or its class if it has none, as httpx's timeouts do."""
    return _cut(str(error)) or type(error).__name__


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARS else f"{line[:SHOWN_CHARS]}…"
