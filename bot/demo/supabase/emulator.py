"""The emulator: a project's storage, its routes and permissions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from functools import partial
from typing import ClassVar

from aiohttp import hdrs, web

from bot.demo.base import CALL, Call, Clock, Handler, StandIn

from .keys import SERVICE, Keys
from .refusal import RefusalError
from .state import Bucket, StoredObject

PREFIX = "/storage/v1"
OBJECT = f"{PREFIX}/object/"
# The object key's characters without the slash (supabase/storage, limits.ts).
BUCKET_NAME = re.compile(r"[A-Za-z0-9_!.*'() &$=@;:+,?-]{1,100}")
KEY = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]+")
CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+\s*(;.*)?")
MAX_SEGMENT_BYTES = 255  # of a file name on disk
# First parts of a path that name no bucket, and whole routes; none of them is played.
OTHER = "copy|move|(?:sign|list|list-v2|authenticated|upload)/.+"


class SupabaseEmulator(StandIn):
    """Supabase Storage on a loopback port, and its strictness.

    `buckets` and `objects` are what is stored and may be changed by hand. `file_size_limit`, in
    bytes, is the server's.
    """

    calls: list[Call]
    names = frozenset({"upload", "download", "public", "info", "remove", "bucket"})
    answers: ClassVar = {
        "empty": partial(web.Response, status=500),
        "redirect": partial(
            web.Response, status=307, headers={hdrs.LOCATION: "http://127.0.0.1:9/"}
        ),
        "unauthorized": partial(
            web.json_response, {"message": "Invalid authentication credentials"}, status=401
        ),
        "too_many": RefusalError("too many").answer,
        "no_database": RefusalError("internal").answer,
    }

    def __init__(self, keys: Keys, clock: Clock) -> None:
        super().__init__(clock)
        self.keys = keys
        self.service_key = keys.service  # may do everything
        self.anon_key = keys.anon  # a browser's: without policies it sees nothing, may do nothing
        self.file_size_limit = 50 * 2**20
        self.buckets: dict[str, Bucket] = {}
        self.objects: dict[tuple[str, str], StoredObject] = {}

    @classmethod
    @asynccontextmanager
    async def start(
        cls, port: int = 0, service_key: str | None = None, *, clock: Clock = time.time
    ) -> AsyncIterator[SupabaseEmulator]:
        """A running emulator on 127.0.0.1; port 0 takes a free one, `url` tells which.

        Its keys are JWTs, unless a service key `sb_secret_...` is given; ValueError for any other,
        which no project would have.
        """
        async with cls(Keys(clock, service_key), clock).serving(port) as supabase:
            yield supabase

    def add_bucket(
        self,
        name: str,
        public: bool = True,
        file_size_limit: int | None = None,
        allowed_mime_types: list[str] | None = None,
    ) -> Bucket:
        """A new bucket, or a new one in place of the old, whose objects stay."""
        if not BUCKET_NAME.fullmatch(name):
            raise ValueError(f"no name for a bucket: {name!r}")
        bucket = Bucket(name, public, file_size_limit, allowed_mime_types, self.clock())
        self.buckets[name] = bucket
        return bucket

    def actions(self) -> dict[str, Callable[..., object]]:
        return super().actions() | {"add_bucket": self.add_bucket}

    def name_of(self, request: web.Request) -> str:
        if request.path.startswith(f"{PREFIX}/bucket/"):
            return "bucket"
        if not request.path.startswith(OBJECT):
            return ""
        first = request.path.removeprefix(OBJECT).partition("/")[0]
        if first in ("public", "info"):
            return first
        return {"POST": "upload", "DELETE": "remove"}.get(request.method, "download")

    def routes(self) -> list[web.RouteDef]:
        one = r"{bucket}/{key:[\s\S]*}"
        return [
            web.get(PREFIX + "/bucket/{bucket}", self._bucket),
            web.route("*", PREFIX + "/bucket{_:(?:/.*)?}", _not_played),
            web.route("*", OBJECT + "{_:" + OTHER + "}", _not_played),
            web.get(f"{OBJECT}public/{one}", self._public),
            web.get(f"{OBJECT}info/{one}", self._info),
            web.get(OBJECT + one, self._download),
            web.post(OBJECT + one, self._upload),
            web.route("*", OBJECT + one, _not_played),
            web.delete(OBJECT + "{bucket}", self._remove),
        ]

    async def act(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        call = request[CALL]
        if not call.path.startswith(f"{PREFIX}/"):
            # The gateway's own word: this is no service of the project.
            return web.json_response({"message": "no Route matched with those values"}, status=404)
        try:
            if request.match_info.http_exception is not None:
                raise RefusalError("no route", f"{call.method}:{call.path.removeprefix(PREFIX)}")
            if not self._is_for_everybody(request):
                call.role = self.keys.role(request.headers)
            return await handler(request)
        except RefusalError as error:
            return error.answer()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413, text="413 Request Entity Too Large")

    def _is_for_everybody(self, request: web.Request) -> bool:
        """Whether it is asked without a key for what needs none: an object of a public bucket."""
        name = request[CALL].name
        if name != "download" or any(key in request.headers for key in ("Authorization", "apikey")):
            return name == "public"
        bucket = self.buckets.get(request.match_info.get("bucket", ""))
        return bucket is not None and bucket.public

    async def _bucket(self, request: web.Request) -> web.Response:
        """The bucket; row-level security hides it from all but the service key."""
        bucket = self.buckets.get(request.match_info["bucket"])
        if bucket is None or request[CALL].role != SERVICE:
            raise RefusalError("no bucket")
        return web.json_response(bucket.record())

    async def _upload(self, request: web.Request) -> web.Response:
        # The order of the checks is Storage's own (supabase/storage, object.ts).
        bucket, key = self._bucket_of(request), request.match_info["key"]
        data, content_type, cache_control = await _file(request)
        if not CONTENT_TYPE.fullmatch(content_type) or not bucket.allows(content_type):
            raise RefusalError("bad type", content_type)
        if not KEY.fullmatch(key) or {".", ".."} & set(key.split("/")):
            raise RefusalError("bad key", key)
        if _is_hidden(request):
            raise RefusalError("not allowed")
        old = self.objects.get((bucket.name, key))
        # Any other spelling of "true" is no upsert.
        if old is not None and request.headers.get("x-upsert") != "true":
            raise RefusalError("exists")
        if len(data) > min(bucket.file_size_limit or len(data), self.file_size_limit):
            raise RefusalError("too large")
        if any(len(part.encode()) > MAX_SEGMENT_BYTES for part in key.split("/")):
            raise RefusalError("internal")
        now = self.clock()
        stored = StoredObject(bucket.name, key, data, content_type, cache_control, now, now)
        if old is not None:
            stored.id, stored.created_at, stored.upserts = old.id, old.created_at, old.upserts + 1
        self.objects[bucket.name, key] = stored
        return web.json_response({"Id": stored.id, "Key": f"{bucket.name}/{key}"})

    async def _download(self, request: web.Request) -> web.Response:
        hidden = not self._bucket_of(request).public and _is_hidden(request)
        return _served(self._object_of(request, hidden=hidden))

    async def _public(self, request: web.Request) -> web.Response:
        bucket = self.buckets.get(request.match_info["bucket"])
        if bucket is not None and not bucket.public:
            raise RefusalError("no bucket")
        return _served(self._object_of(request, hidden=bucket is None))

    async def _info(self, request: web.Request) -> web.Response:
        self._bucket_of(request)
        return web.json_response(self._object_of(request, hidden=_is_hidden(request)).info())

    async def _remove(self, request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise RefusalError("bad body", "body must be object")
        keys = body.get("prefixes")
        if not isinstance(keys, list) or not 1 <= len(keys) <= 1000:
            raise RefusalError("bad body", "body/prefixes must be an array of 1 to 1000 items")
        places = [] if _is_hidden(request) else [(request.match_info["bucket"], k) for k in keys]
        found = [self.objects.pop(place) for place in places if place in self.objects]
        return web.json_response([stored.row() for stored in found])

    def _bucket_of(self, request: web.Request) -> Bucket:
        """The bucket, hidden from nobody: Storage looks it up as superuser."""
        name = request.match_info["bucket"]
        if not BUCKET_NAME.fullmatch(name):
            raise RefusalError("bad bucket")
        bucket = self.buckets.get(name)
        if bucket is None:
            raise RefusalError("no bucket")
        return bucket

    def _object_of(self, request: web.Request, *, hidden: bool) -> StoredObject:
        stored = self.objects.get((request.match_info["bucket"], request.match_info["key"]))
        if stored is None or hidden:
            raise RefusalError("no object")
        return stored


def _served(stored: StoredObject) -> web.Response:
    headers = {
        hdrs.CONTENT_TYPE: stored.content_type,
        hdrs.CACHE_CONTROL: stored.cache_control,
        hdrs.ETAG: stored.etag,
        hdrs.LAST_MODIFIED: formatdate(stored.updated_at, usegmt=True),
        "x-robots-tag": "none",
    }
    return web.Response(body=stored.data, headers=headers)


def _is_hidden(request: web.Request) -> bool:
    """Whether row-level security hides the objects: nobody wrote a policy for them."""
    return request[CALL].role != SERVICE


async def _not_played(_request: web.Request) -> web.Response:
    return web.Response(status=501, text="not in this emulator")


async def _file(request: web.Request) -> tuple[bytes, str, str]:
    """The bytes, content type and cache control of an upload: a form, or the body itself."""
    if request.content_type != "multipart/form-data":
        kind = request.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
        data = await request.read()
        return data, kind, request.headers.get(hdrs.CACHE_CONTROL, "no-cache")
    form = await request.post()
    file = form.get("file")
    if not isinstance(file, web.FileField):
        raise RefusalError("no content")  # a part without a file name is a field
    with file.file:
        data = file.file.read()
    seconds = form.get("cacheControl")
    cache_control = f"max-age={seconds}" if isinstance(seconds, str) else "no-cache"
    return data, file.content_type, cache_control
