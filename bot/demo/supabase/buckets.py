"""Buckets: made, read, changed, emptied, removed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .calls import CALL, PREFIX
from .keys import SERVICE
from .refusal import (
    BAD_BUCKET_NAME,
    BUCKET_EXISTS,
    BUCKET_NOT_EMPTY,
    NO_BUCKET,
    ROW_SECURITY,
    TOO_LARGE,
    Refusal,
    RefusalError,
    bad_body,
    bad_type,
)
from .state import Bucket

if TYPE_CHECKING:
    from .emulator import SupabaseEmulator

# The object key's characters without the slash (supabase/storage, limits.ts).
NAME = re.compile(r"[A-Za-z0-9_!.*'() &$=@;:+,?-]{1,100}")
SIZE = re.compile(r"(\d+(?:\.\d+)?)(gb|mb|kb|b)", re.IGNORECASE)
UNITS = {"GB": 10**9, "MB": 10**6, "KB": 1000, "B": 1}
MIME_TYPE = re.compile(r"[\w!#$&^.+-]+/(?:\*|[\w!#$&^.+-]+)")


def routes(supabase: SupabaseEmulator) -> list[web.RouteDef]:
    def visible(request: web.Request) -> Bucket:
        """The bucket; row-level security hides it from all but the service key."""
        bucket = supabase.buckets.get(request.match_info["bucket"])
        if bucket is None or request[CALL].role != SERVICE:
            raise RefusalError(NO_BUCKET)
        return bucket

    async def listed(request: web.Request) -> web.Response:
        seen = supabase.buckets.values() if request[CALL].role == SERVICE else ()
        return web.json_response([bucket.listed() for bucket in seen])

    async def get(request: web.Request) -> web.Response:
        return web.json_response(visible(request).record())

    async def create(request: web.Request) -> web.Response:
        body = await read_json(request)
        name = body.get("name")
        if not isinstance(name, str):
            raise RefusalError(bad_body("body must have required property 'name'"))
        name = body.get("id") or name
        if refusal := bad_name(name):
            raise RefusalError(refusal)
        given = _properties(supabase, body)
        if request[CALL].role != SERVICE:
            raise RefusalError(ROW_SECURITY)
        if name in supabase.buckets:
            raise RefusalError(BUCKET_EXISTS)
        supabase.add_bucket(name, **({"public": False} | given))
        return web.json_response({"name": name})

    async def update(request: web.Request) -> web.Response:
        given = _properties(supabase, await read_json(request))
        bucket = visible(request)
        for name, value in given.items():
            setattr(bucket, name, value)
        bucket.updated_at = supabase.clock()
        return web.json_response({"message": "Successfully updated"})

    async def empty(request: web.Request) -> web.Response:
        name = visible(request).name
        for place in [place for place in supabase.objects if place[0] == name]:
            del supabase.objects[place]
        text = "Empty bucket has been queued. Completion may take up to an hour."
        return web.json_response({"message": text})

    async def delete(request: web.Request) -> web.Response:
        name = visible(request).name
        if any(place[0] == name for place in supabase.objects):
            raise RefusalError(BUCKET_NOT_EMPTY)
        del supabase.buckets[name]
        return web.json_response({"message": "Successfully deleted"})

    one = PREFIX + "/bucket/{bucket}"
    return [
        web.get(f"{PREFIX}/bucket", listed),
        web.post(f"{PREFIX}/bucket", create),
        web.get(one, get),
        web.put(one, update),
        web.delete(one, delete),
        web.post(f"{one}/empty", empty),
    ]


def bad_name(name: object) -> Refusal | None:
    """What is wrong with a bucket's name, if anything."""
    return None if isinstance(name, str) and NAME.fullmatch(name) else BAD_BUCKET_NAME


async def read_json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusalError(bad_body("body must be object"))
    return body


def _properties(supabase: SupabaseEmulator, body: dict[str, Any]) -> dict[str, Any]:
    """What a request sets; what it does not name stays as it is."""
    given: dict[str, Any] = {}
    if "public" in body:
        if not isinstance(body["public"], bool):
            raise RefusalError(bad_body("body/public must be boolean"))
        given["public"] = body["public"]
    if "file_size_limit" in body:
        given["file_size_limit"] = _size(body["file_size_limit"])
        if (given["file_size_limit"] or 0) > supabase.file_size_limit:
            raise RefusalError(TOO_LARGE)
    if "allowed_mime_types" in body:
        given["allowed_mime_types"] = _types(body["allowed_mime_types"])
    return given


def _size(value: object) -> int | None:
    """Bytes, from a number or from words such as `10MB`; a limit of nothing is no limit."""
    if isinstance(value, str) and (match := SIZE.fullmatch(value)):
        value = int(float(match[1]) * UNITS[match[2].upper()])
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise RefusalError(bad_body("body/file_size_limit must be integer"))
    return value or None


def _types(value: object) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RefusalError(bad_body("body/allowed_mime_types must be array"))
    if wrong := next((item for item in value if not MIME_TYPE.fullmatch(item)), None):
        raise RefusalError(bad_type(wrong))
    return value
