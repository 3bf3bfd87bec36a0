"""The emulator as supabase-py sees it: the good path, and every refusal word for word."""

import asyncio
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError
from storage3.types import FileOptions
from supabase import AsyncClientOptions, acreate_client

from bot.demo.supabase import SupabaseEmulator

PNG: FileOptions = {"content-type": "image/png", "upsert": "true"}
# Loading the certificates takes longer than a test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
NEW: FileOptions = {"content-type": "image/png"}


@dataclass
class Project:
    """An emulator, and clients for it."""

    emulator: SupabaseEmulator
    http: httpx.AsyncClient
    storage: AsyncStorageClient

    async def as_key(self, key: str) -> AsyncStorageClient:
        options = AsyncClientOptions(httpx_client=self.http)
        return (await acreate_client(self.emulator.url, key, options)).storage

    async def raw(self, method: str, path: str, **request: Any) -> httpx.Response:
        """A request past supabase-py, with the service key."""
        request.setdefault("headers", {"Authorization": f"Bearer {self.emulator.service_key}"})
        return await self.http.request(method, f"{self.emulator.url}/storage/v1{path}", **request)

    def png(self) -> dict[str, str]:
        """The headers of an upload past supabase-py."""
        key = self.emulator.service_key
        return {"Authorization": f"Bearer {key}", "Content-Type": "image/png"}


@asynccontextmanager
async def open_project(service_key: str | None = None) -> AsyncIterator[Project]:
    async with (
        SupabaseEmulator.start(service_key=service_key) as emulator,
        httpx.AsyncClient(timeout=5, verify=NO_TLS) as http,
    ):
        emulator.add_bucket("images")
        project = Project(emulator, http, None)  # type: ignore[arg-type]
        project.storage = await project.as_key(emulator.service_key)
        yield project


@pytest.fixture
async def project() -> AsyncIterator[Project]:
    async with open_project() as project:
        yield project


def said(error: StorageApiError) -> tuple[str | int, str, str, str]:
    """Status, code and message as supabase-py has them, and the body's own code."""
    cause = error.__cause__
    assert isinstance(cause, httpx.HTTPStatusError)
    return error.status, error.code, error.message, cause.response.json()["code"]


async def refused(call: Awaitable[object]) -> tuple[str | int, str, str, str]:
    with pytest.raises(StorageApiError) as caught:
        await call
    return said(caught.value)


async def test_an_uploaded_file_is_public_under_its_url(project: Project) -> None:
    await project.storage.create_bucket("b", options={"public": True})
    files = project.storage.from_("b")
    done = await files.upload("a/b/img.png", b"picture", {**PNG, "cache-control": "60"})
    assert (done.path, done.full_path) == ("a/b/img.png", "b/a/b/img.png")
    url = await files.get_public_url("a/b/img.png")
    assert url == f"{project.emulator.url}/storage/v1/object/public/b/a/b/img.png"
    got = await project.http.get(url)
    assert got.content == b"picture"
    assert got.headers["content-type"] == "image/png"
    assert got.headers["cache-control"] == "max-age=60"
    assert got.headers["x-robots-tag"] == "none"
    assert got.headers["etag"]
    assert got.headers["last-modified"].endswith("GMT")
    head = await project.http.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, "7")
    named = await project.http.get(url, params={"download": "x.png"})
    assert (
        named.headers["content-disposition"] == "attachment; filename=x.png; filename*=UTF-8''x.png"
    )


async def test_an_object_is_read_in_parts_and_only_when_it_changed(project: Project) -> None:
    files = project.storage.from_("images")
    await files.upload("x.png", b"0123456789", PNG)
    for path in ("/object/public/images/x.png", "/object/images/x.png"):
        whole = await project.raw("GET", path)
        assert whole.headers["accept-ranges"] == "bytes"
        key = {"Authorization": f"Bearer {project.emulator.service_key}"}
        for asked, got in {
            "2-4": (b"234", "2-4"),
            "7-": (b"789", "7-9"),
            "-1": (b"9", "9-9"),
        }.items():
            part = await project.raw("GET", path, headers={**key, "Range": f"bytes={asked}"})
            assert (part.status_code, part.content) == (206, got[0])
            assert part.headers["content-range"] == f"bytes {got[1]}/10"
        beyond = await project.raw("GET", path, headers={**key, "Range": "bytes=10-"})
        assert beyond.status_code == 416
        known = {**key, "If-None-Match": whole.headers["etag"]}
        same = await project.raw("GET", path, headers=known)
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == whole.headers["etag"]
        other = await project.raw("GET", path, headers={**key, "If-None-Match": '"other"'})
        assert (other.status_code, other.content) == (200, b"0123456789")


async def test_an_object_of_a_public_bucket_needs_no_key(project: Project) -> None:
    project.emulator.add_bucket("hidden", public=False)
    for bucket in ("images", "hidden"):
        await project.storage.from_(bucket).upload("x.png", b"x", PNG)
    got = await project.raw("GET", "/object/images/x.png", headers={})
    assert (got.status_code, got.content) == (200, b"x")
    for path in ("hidden/x.png", "authenticated/images/x.png", "info/images/x.png"):
        refusal = await project.raw("GET", f"/object/{path}", headers={})
        assert "authorization" in refusal.json()["message"]
    assert (await project.raw("DELETE", "/object/images/x.png", headers={})).status_code == 400


async def test_a_listing_is_in_one_order_of_names(project: Project) -> None:
    files = project.storage.from_("images")
    for key in ("c.png", "b/1.png", "a.png"):
        await files.upload(key, b"x", PNG)
    names = [entry["name"] for entry in await files.list()]
    assert names == ["a.png", "b", "c.png"]
    descending = await files.list(None, {"sortBy": {"column": "name", "order": "desc"}})
    assert [entry["name"] for entry in descending] == names[::-1]


async def test_what_is_uploaded_can_be_read_listed_and_removed(project: Project) -> None:
    files = project.storage.from_("images")
    for key in ("a/1.png", "a/2.png", "top.png"):
        await files.upload(key, key.encode(), PNG)
    assert await files.download("a/1.png") == b"a/1.png"
    assert (await files.info("a/1.png"))["content_type"] == "image/png"
    assert await files.exists("a/1.png")
    assert not await files.exists("a/3.png")
    assert [(e["name"], e["id"] is None) for e in await files.list()] == [
        ("a", True),
        ("top.png", False),
    ]
    assert [e["name"] for e in await files.list("a", {"limit": 1, "offset": 1})] == ["2.png"]
    assert await project.storage.from_("missing").list() == []
    assert [e["name"] for e in await files.remove(["a/1.png", "a/9.png"])] == ["a/1.png"]
    assert await files.remove(["a/9.png"]) == []
    assert set(project.emulator.objects) == {("images", "a/2.png"), ("images", "top.png")}


async def test_buckets_are_made_changed_emptied_and_removed(project: Project) -> None:
    storage = project.storage
    assert await storage.create_bucket("b") == {"name": "b"}
    assert not (await storage.get_bucket("b")).public
    assert await storage.update_bucket("b", {"public": True}) == {"message": "Successfully updated"}
    assert (await storage.get_bucket("b")).public
    listed = await storage.list_buckets()
    assert [(each.name, each.type) for each in listed] == [
        ("images", "STANDARD"),
        ("b", "STANDARD"),
    ]
    await storage.from_("b").upload("x.png", b"", PNG)
    assert await refused(storage.delete_bucket("b")) == (
        "409",
        "ResourceNotEmpty",
        "The bucket you tried to delete is not empty",
        "ResourceNotEmpty",
    )
    assert "queued" in (await storage.empty_bucket("b"))["message"]
    assert await storage.delete_bucket("b") == {"message": "Successfully deleted"}


@pytest.mark.parametrize(("upsert", "taken"), [("true", True), ("True", False), ("1", False)])
async def test_only_the_word_true_overwrites(project: Project, upsert: str, taken: bool) -> None:
    files = project.storage.from_("images")
    await files.upload("x.png", b"old", NEW)
    again = files.upload("x.png", b"new", {"content-type": "image/png", "upsert": upsert})
    if taken:
        await again
    else:
        assert await refused(again) == (
            "409",
            "Duplicate",
            "The resource already exists",
            "KeyAlreadyExists",
        )
    stored = project.emulator.objects["images", "x.png"]
    assert (stored.data, stored.upserts) == ((b"new", 1) if taken else (b"old", 0))


async def test_nothing_is_sniffed_and_the_default_type_is_text(project: Project) -> None:
    files = project.storage.from_("images")
    await files.upload("a", b"text", {"content-type": "image/jpeg"})
    await files.upload("b", b"", {"content-type": "image/png"})
    await files.upload("c", b"text")
    types = [stored.content_type for stored in project.emulator.objects.values()]
    assert types == ["image/jpeg", "image/png", "text/plain;charset=UTF-8"]


@pytest.mark.parametrize("content_type", ["notamime", "image/", "image/*", "image png"])
async def test_a_type_that_is_none_is_refused(project: Project, content_type: str) -> None:
    files = project.storage.from_("images")
    assert await refused(files.upload("x", b"x", {"content-type": content_type})) == (
        "415",
        "invalid_mime_type",
        f"mime type {content_type} is not supported",
        "InvalidMimeType",
    )


@pytest.mark.parametrize("key", ["a b.png", "a&$@=;:+,?!*'()-_.png", "%20x", "/lead", "a//b"])
async def test_keys_that_are_taken(project: Project, key: str) -> None:
    files = project.storage.from_("images")
    done = await files.upload(key, b"x", PNG)
    assert ("images", done.full_path.removeprefix("images/")) in project.emulator.objects
    assert (await project.http.get(await files.get_public_url(key))).content == b"x"


@pytest.mark.parametrize("key", ["я.png", "😀", "a#b", "a%b", "a~b", "a[b]", "a\\b", 'a"b', "a\nb"])
async def test_keys_that_are_refused(project: Project, key: str) -> None:
    answer = await refused(project.storage.from_("images").upload(key, b"x", PNG))
    assert answer == ("400", "InvalidKey", f"Invalid key: {key}", "InvalidKey")


@pytest.mark.parametrize("key", ["../x.png", "a/../x.png", "a/..", "."])
async def test_keys_that_lead_elsewhere_are_refused(project: Project, key: str) -> None:
    path = f"/object/images/{key.replace('.', '%2e')}"  # as it is, no client would send it
    answer = await project.raw("POST", path, content=b"x", headers=project.png())
    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")
    assert answer.json()["message"] == f"Invalid key: {key}"
    assert not project.emulator.objects


async def test_keys_that_end_in_nothing_bring_no_file(project: Project) -> None:
    files = project.storage.from_("images")
    for key in ("", "a/"):
        answer = await refused(files.upload(key, b"x", PNG))
        assert answer == ("400", "InvalidRequest", "No content provided", "InvalidRequest")


NO_BUCKET = ("404", "Bucket not found", "Bucket not found", "NoSuchBucket")
NO_OBJECT = ("404", "not_found", "Object not found", "NoSuchKey")
TOO_LARGE = (
    "413",
    "Payload too large",
    "The object exceeded the maximum allowed size",
    "EntityTooLarge",
)
INTERNAL = ("500", "Internal", "Internal Server Error", "InternalError")
BAD_NAME = ("400", "Invalid Input", "Bucket name invalid", "InvalidBucketName")
NO_ROUTE = ("404", "Not Found", "Route POST:/object/x.png not found", "InvalidRequest")
REFUSALS: list[tuple[Callable[[AsyncStorageClient], Awaitable[object]], tuple[str, ...], int]] = [
    (lambda s: s.from_("no").upload("x", b"", PNG), NO_BUCKET, 400),
    (lambda s: s.from_("no").download("x"), NO_BUCKET, 400),
    (lambda s: s.get_bucket("no"), NO_BUCKET, 400),
    (lambda s: s.empty_bucket("no"), NO_BUCKET, 400),
    (lambda s: s.delete_bucket("no"), NO_BUCKET, 400),
    (lambda s: s.from_("images").download("x"), NO_OBJECT, 400),
    (lambda s: s.from_("images").info("x"), NO_OBJECT, 400),
    (
        lambda s: s.create_bucket("images"),
        ("409", "Duplicate", "The resource already exists", "BucketAlreadyExists"),
        400,
    ),
    (lambda s: s.create_bucket("b", options={"file_size_limit": 60 * 2**20}), TOO_LARGE, 400),
    (lambda s: s.from_("small").upload("x", b"12345", PNG), TOO_LARGE, 400),
    (
        lambda s: s.from_("small").upload("x", b"1", {"content-type": "image/jpeg"}),
        (
            "415",
            "invalid_mime_type",
            "mime type image/jpeg is not supported",
            "InvalidMimeType",
        ),
        400,
    ),
    (lambda s: s.create_bucket("я"), BAD_NAME, 400),
    (lambda s: s.create_bucket("b" * 101), BAD_NAME, 400),
    (lambda s: s.from_("a~b").upload("x.png", b"", PNG), BAD_NAME, 400),
    (lambda s: s.from_("").upload("x.png", b"", PNG), NO_ROUTE, 404),
    (lambda s: s.from_("images").upload("x" * 256, b"", PNG), INTERNAL, 500),
]


@pytest.mark.parametrize(("call", "answer", "http"), REFUSALS)
async def test_refusals(
    project: Project,
    call: Callable[[AsyncStorageClient], Awaitable[object]],
    answer: tuple[str, ...],
    http: int,
) -> None:
    project.emulator.add_bucket("small", file_size_limit=4, allowed_mime_types=["image/png"])
    assert await refused(call(project.storage)) == answer
    assert project.emulator.calls[-1].status == http


async def test_the_server_has_a_limit_of_its_own(project: Project) -> None:
    project.emulator.file_size_limit = 3
    files = project.storage.from_("images")
    await files.upload("x", b"123", PNG)
    assert await refused(files.upload("x", b"1234", PNG)) == TOO_LARGE


@pytest.mark.parametrize(
    ("bucket", "words"), [("images", "Object not found"), ("hidden", "Bucket not found")]
)
async def test_a_missing_public_object_is_http_400(
    project: Project, bucket: str, words: str
) -> None:
    project.emulator.add_bucket("hidden", public=False)
    await project.storage.from_("hidden").upload("x.png", b"x", PNG)
    got = await project.raw("GET", f"/object/public/{bucket}/x.png", headers={})
    assert got.status_code == 400
    assert (got.json()["statusCode"], got.json()["message"]) == ("404", words)
    head = await project.raw("HEAD", f"/object/public/{bucket}/x.png", headers={})
    assert (head.status_code, head.content) == (400, b"")


async def test_keys_that_are_no_keys(project: Project) -> None:
    keys = project.emulator.keys
    cases = {
        "garbage": ("403", "Invalid Compact JWS"),
        "sb_secret_unknown": ("403", "Invalid Compact JWS"),
        keys.jwt("service_role", secret="another"): ("403", "signature verification failed"),
        keys.jwt("service_role", lives_s=-5): ("403", '"exp" claim timestamp check failed'),
        keys.jwt("stranger"): ("500", "database error, code: 22023"),
    }
    for key, (status, message) in cases.items():
        files = (await project.as_key(key)).from_("images")
        answer = await refused(files.upload("x", b"", PNG))
        assert (answer[0], answer[2]) == (status, message)
    none = await project.raw("GET", "/bucket/images", headers={})
    assert none.json()["message"] == "headers must have required property 'authorization'"


async def test_the_anon_key_sees_nothing_and_may_do_nothing(project: Project) -> None:
    await project.storage.from_("images").upload("x", b"x", PNG)
    security = (
        "403",
        "Unauthorized",
        "new row violates row-level security policy",
        "AccessDenied",
    )
    for key in (project.emulator.anon_key, project.emulator.keys.jwt(None)):
        anon = await project.as_key(key)
        assert await refused(anon.from_("images").upload("y", b"", PNG)) == security
        assert await refused(anon.create_bucket("b")) == security
        assert await refused(anon.get_bucket("images")) == NO_BUCKET
        assert await anon.list_buckets() == []
        assert await anon.from_("images").list() == []
        assert await anon.from_("images").remove(["x"]) == []
    assert ("images", "x") in project.emulator.objects


async def test_the_gateway_swaps_a_secret_key() -> None:
    async with open_project("sb_secret_right") as project:
        await project.storage.from_("images").upload("x", b"x", PNG)
        assert project.emulator.calls[-1].role == "service_role"
    with pytest.raises(ValueError, match="sb_secret_"):
        async with SupabaseEmulator.start(service_key="my-key"):
            pass


async def test_what_is_not_played_says_so(project: Project) -> None:
    for path in ("/object/copy", "/object/move", "/object/sign/images/x"):
        assert (await project.raw("POST", path, json={})).status_code == 501
    outside = await project.http.get(f"{project.emulator.url}/rest/v1/table")
    assert (outside.status_code, "error" in outside.json()) == (404, False)


async def test_ten_uploads_at_once(project: Project) -> None:
    files = project.storage.from_("images")
    await asyncio.gather(*(files.upload("x", bytes([n]), PNG) for n in range(10)))
    assert project.emulator.objects["images", "x"].upserts == 9


async def test_it_can_be_served_by_itself() -> None:
    program = (sys.executable, "-m", "bot.demo.supabase", "--port", "0", "--bucket", "images")
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        url, key = [(await process.stdout.readline()).decode().strip() for _ in range(2)]
        async with httpx.AsyncClient(timeout=5, verify=NO_TLS) as http:
            path, headers = "/storage/v1/bucket/images", {"Authorization": f"Bearer {key}"}
            assert (await http.get(url + path, headers=headers)).json()["public"] is True
    finally:
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
