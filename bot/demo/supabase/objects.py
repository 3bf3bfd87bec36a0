"""Objects: uploaded, read, listed, removed, and shown to everybody."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import hdrs, web

from .buckets import bad_name, read_json
from .calls import CALL, PREFIX
from .keys import SERVICE
from .refusal import (
    BAD_RANGE,
    INTERNAL,
    NO_BUCKET,
    NO_CONTENT,
    NO_OBJECT,
    OBJECT_EXISTS,
    ROW_SECURITY,
    TOO_LARGE,
    RefusalError,
    bad_body,
    bad_key,
    bad_type,
)
from .state import Bucket, StoredObject, iso

if TYPE_CHECKING:
    from .emulator import SupabaseEmulator

KEY = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]+")
MAX_SEGMENT_BYTES = 255  # of a file name on disk
MULTIPART = "multipart/form-data"
CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+\s*(;.*)?")


def routes(supabase: SupabaseEmulator) -> list[web.RouteDef]:
    def bucket_of(request: web.Request) -> Bucket:
        """The bucket, hidden from nobody: Storage looks it up as superuser."""
        name = request.match_info["bucket"]
        if refusal := bad_name(name):
            raise RefusalError(refusal)
        bucket = supabase.buckets.get(name)
        if bucket is None:
            raise RefusalError(NO_BUCKET)
        return bucket

    def object_of(request: web.Request, *, hidden: bool) -> StoredObject:
        stored = supabase.objects.get((request.match_info["bucket"], request.match_info["key"]))
        if stored is None or hidden:
            raise RefusalError(NO_OBJECT)
        return stored

    def is_hidden(request: web.Request) -> bool:
        """Whether row-level security hides the objects: nobody wrote a policy for them."""
        return request[CALL].role != SERVICE

    async def upload(request: web.Request) -> web.Response:
        # The order of the checks is Storage's own (supabase/storage, object.ts).
        bucket, key = bucket_of(request), request.match_info["key"]
        data, content_type, cache_control = await _file(request)
        if not CONTENT_TYPE.fullmatch(content_type) or not bucket.allows(content_type):
            raise RefusalError(bad_type(content_type))
        if not KEY.fullmatch(key) or {".", ".."} & set(key.split("/")):
            raise RefusalError(bad_key(key))
        if is_hidden(request):
            raise RefusalError(ROW_SECURITY)
        old = supabase.objects.get((bucket.name, key))
        # Any other spelling of "true" is no upsert; PUT always is one.
        upsert = request.method == hdrs.METH_PUT or request.headers.get("x-upsert") == "true"
        if old is not None and not upsert:
            raise RefusalError(OBJECT_EXISTS)
        if len(data) > min(bucket.file_size_limit or len(data), supabase.file_size_limit):
            raise RefusalError(TOO_LARGE)
        if any(len(part.encode()) > MAX_SEGMENT_BYTES for part in key.split("/")):
            raise RefusalError(INTERNAL)
        now = supabase.clock()
        stored = StoredObject(bucket.name, key, data, content_type, cache_control, now, now)
        if old is not None:
            stored.id, stored.created_at, stored.upserts = old.id, old.created_at, old.upserts + 1
        supabase.objects[bucket.name, key] = stored
        return web.json_response({"Id": stored.id, "Key": f"{bucket.name}/{key}"})

    async def download(request: web.Request) -> web.Response:
        hidden = not bucket_of(request).public and is_hidden(request)
        return _served(request, object_of(request, hidden=hidden))

    async def public(request: web.Request) -> web.Response:
        bucket = supabase.buckets.get(request.match_info["bucket"])
        if bucket is not None and not bucket.public:
            raise RefusalError(NO_BUCKET)
        return _served(request, object_of(request, hidden=bucket is None))

    async def info(request: web.Request) -> web.Response:
        bucket_of(request)
        return web.json_response(object_of(request, hidden=is_hidden(request)).info())

    async def listed(request: web.Request) -> web.Response:
        body = await read_json(request)
        names = request.match_info["bucket"]
        mine = [o for (name, _), o in supabase.objects.items() if name == names]
        return web.json_response(_listing([] if is_hidden(request) else mine, body))

    async def remove(request: web.Request) -> web.Response:
        keys = (await read_json(request)).get("prefixes")
        if not isinstance(keys, list) or not 1 <= len(keys) <= 1000:
            raise RefusalError(bad_body("body/prefixes must be an array of 1 to 1000 items"))
        name = request.match_info["bucket"]
        found = (
            [] if is_hidden(request) else [key for key in keys if (name, key) in supabase.objects]
        )
        return web.json_response([supabase.objects.pop((name, key)).row() for key in found])

    async def remove_one(request: web.Request) -> web.Response:
        bucket_of(request)
        stored = object_of(request, hidden=is_hidden(request))
        del supabase.objects[stored.bucket, stored.key]
        return web.json_response({"message": "Successfully deleted"})

    async def not_played(_request: web.Request) -> web.Response:
        return web.Response(status=501, text="not in this emulator")

    root, one = PREFIX + "/object", r"/{bucket}/{key:[\s\S]*}"
    return [
        web.route("*", root + "/{_:copy|move|(?:sign|list-v2|upload/sign)/.+}", not_played),
        web.get(f"{root}/public{one}", public),
        web.get(f"{root}/info{one}", info),
        web.get(f"{root}/authenticated{one}", download),
        web.post(root + "/list/{bucket}", listed),
        web.post(root + one, upload),
        web.put(root + one, upload),
        web.get(root + one, download),
        web.delete(root + "/{bucket}", remove),
        web.delete(root + one, remove_one),
    ]


async def _file(request: web.Request) -> tuple[bytes, str, str]:
    """The bytes, content type and cache control of an upload: a form, or the body itself."""
    if request.content_type != MULTIPART:
        kind = request.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
        data = await request.read()
        return data, kind, request.headers.get(hdrs.CACHE_CONTROL, "no-cache")
    form = await request.post()
    file = form.get("file")
    if not isinstance(file, web.FileField):
        raise RefusalError(NO_CONTENT)  # a part without a file name is a field
    with file.file:
        data = file.file.read()
    seconds = form.get("cacheControl")
    cache_control = f"max-age={seconds}" if isinstance(seconds, str) else "no-cache"
    return data, file.content_type, cache_control


def _served(request: web.Request, stored: StoredObject) -> web.Response:
    headers = {
        hdrs.CONTENT_TYPE: stored.content_type,
        hdrs.CACHE_CONTROL: stored.cache_control,
        hdrs.ETAG: stored.etag,
        hdrs.LAST_MODIFIED: formatdate(stored.updated_at, usegmt=True),
        hdrs.ACCEPT_RANGES: "bytes",
        "x-robots-tag": "none",
    }
    if stored.etag in re.split(r"\s*,\s*", request.headers.get(hdrs.IF_NONE_MATCH, "")):
        return web.Response(status=304, headers=headers)
    name = request.query.get("download")
    if name is not None:
        named = f" filename={quote(name)}; filename*=UTF-8''{quote(name)}" if name else ""
        headers[hdrs.CONTENT_DISPOSITION] = f"attachment;{named}"
    if (part := _asked(request.headers.get(hdrs.RANGE, ""), len(stored.data))) is None:
        return web.Response(body=stored.data, headers=headers)
    if not part:
        raise RefusalError(BAD_RANGE)
    headers[hdrs.CONTENT_RANGE] = f"bytes {part[0]}-{part[-1]}/{len(stored.data)}"
    return web.Response(body=stored.data[part.start : part.stop], status=206, headers=headers)


def _asked(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for; None: all of them."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header)
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    return range(int(first), min(int(last or size - 1) + 1, size))


def _listing(objects: list[StoredObject], body: dict[str, Any]) -> list[dict[str, Any]]:
    """One level under a prefix: files, and folders as entries without an id."""
    prefix, search = body.get("prefix"), body.get("search", "")
    if not isinstance(prefix, str):
        raise RefusalError(bad_body("body must have required property 'prefix'"))
    limit, offset, order = body.get("limit", 100), body.get("offset", 0), body.get("sortBy", {})
    if not isinstance(limit, int) or limit < 1 or not isinstance(offset, int) or offset < 0:
        raise RefusalError(bad_body("body/limit must be >= 1"))
    if not isinstance(order, dict):
        raise RefusalError(bad_body("body/sortBy must be object"))
    folder = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    folders: set[str] = set()
    files: dict[str, StoredObject] = {}
    for stored in objects:
        if not stored.key.startswith(folder):
            continue
        name, slash, _ = stored.key.removeprefix(folder).partition("/")
        if not name.lower().startswith(str(search).lower()):
            continue
        if slash:
            folders.add(name)
        else:
            files[name] = stored
    nothing = dict.fromkeys(("id", "updated_at", "created_at", "last_accessed_at", "metadata"))
    times = {
        "updated_at": lambda name: iso(files[name].updated_at),
        "created_at": lambda name: iso(files[name].created_at),
    }
    names = sorted(files, key=times.get(str(order.get("column")), str))
    entries = [{"name": name, **nothing} for name in sorted(folders)]
    entries += [files[name].entry(name) for name in names]
    if str(order.get("column")) not in times:  # folders have no times
        entries.sort(key=lambda entry: str(entry["name"]))
    if order.get("order") == "desc":
        entries.reverse()
    return entries[offset : offset + limit]
