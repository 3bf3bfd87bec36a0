"""The emulator as supabase-py sees it: the good path, and every refusal word for word.

Its faults are met in tests/unit/storage/test_supabase.py.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError
from storage3.types import FileOptions
from supabase import AsyncClientOptions, acreate_client

from bot.demo.supabase import SupabaseEmulator
from bot.demo.supabase.refusal import WORDS

PNG: FileOptions = {"content-type": "image/png", "upsert": "true"}
NEW: FileOptions = {"content-type": "image/png"}
# Loading the certificates takes longer than a test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


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


@pytest.fixture
async def project() -> AsyncIterator[Project]:
    async with (
        SupabaseEmulator.start() as emulator,
        httpx.AsyncClient(timeout=5, verify=NO_TLS) as http,
    ):
        emulator.add_bucket("images")
        project = Project(emulator, http, None)  # type: ignore[arg-type]
        project.storage = await project.as_key(emulator.service_key)
        yield project


async def refused(call: Awaitable[object]) -> tuple[str | int, str, str, str]:
    """Status, code and message as supabase-py has them, and the body's own code."""
    with pytest.raises(StorageApiError) as caught:
        await call
    error, cause = caught.value, caught.value.__cause__
    assert isinstance(cause, httpx.HTTPStatusError)
    return error.status, error.code, error.message, cause.response.json()["code"]


async def test_a_file_is_stored_shown_and_removed(project: Project) -> None:
    files = project.storage.from_("images")
    done = await files.upload("a/b/img.png", b"picture", {**PNG, "cache-control": "60"})
    assert (done.path, done.full_path) == ("a/b/img.png", "images/a/b/img.png")
    url = await files.get_public_url("a/b/img.png")
    assert url == f"{project.emulator.url}/storage/v1/object/public/images/a/b/img.png"
    got = await project.http.get(url)
    assert got.content == await files.download("a/b/img.png") == b"picture"
    assert got.headers["content-type"] == "image/png"
    assert got.headers["cache-control"] == "max-age=60"
    assert got.headers["x-robots-tag"] == "none"
    assert got.headers["etag"]
    assert got.headers["last-modified"].endswith("GMT")
    head = await project.http.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, "7")
    assert (await files.info("a/b/img.png"))["content_type"] == "image/png"
    assert (await files.exists("a/b/img.png"), await files.exists("a/3.png")) == (True, False)
    assert [e["name"] for e in await files.remove(["a/b/img.png", "a/9.png"])] == ["a/b/img.png"]
    assert await files.remove(["a/9.png"]) == []
    assert not project.emulator.objects


async def test_an_object_of_a_public_bucket_needs_no_key(project: Project) -> None:
    project.emulator.add_bucket("hidden", public=False)
    for bucket in ("images", "hidden"):
        await project.storage.from_(bucket).upload("x.png", b"x", PNG)
    got = await project.raw("GET", "/object/images/x.png", headers={})
    assert (got.status_code, got.content) == (200, b"x")
    for path in ("object/hidden/x.png", "object/info/images/x.png", "bucket/images"):
        refusal = await project.raw("GET", f"/{path}", headers={})
        assert refusal.json()["message"] == "headers must have required property 'authorization'"
    assert (await project.raw("DELETE", "/object/images", headers={})).status_code == 400


@pytest.mark.parametrize("upsert", ["true", "True", "1"])
async def test_only_the_word_true_overwrites(project: Project, upsert: str) -> None:
    files = project.storage.from_("images")
    await files.upload("x.png", b"old", NEW)
    again = files.upload("x.png", b"new", {"content-type": "image/png", "upsert": upsert})
    if upsert == "true":
        await again
    else:
        assert await refused(again) == words("exists")
    stored = project.emulator.objects["images", "x.png"]
    assert (stored.data, stored.upserts) == ((b"new", 1) if upsert == "true" else (b"old", 0))


async def test_nothing_is_sniffed_and_the_default_type_is_text(project: Project) -> None:
    files = project.storage.from_("images")
    await files.upload("a", b"text", {"content-type": "image/jpeg"})
    await files.upload("b", b"", {"content-type": "image/png"})
    await files.upload("c", b"text")
    types = [stored.content_type for stored in project.emulator.objects.values()]
    assert types == ["image/jpeg", "image/png", "text/plain;charset=UTF-8"]


@pytest.mark.parametrize("key", ["a b.png", "a&$@=;:+,?!*'()-_.png", "%20x", "/lead", "a//b"])
async def test_keys_that_are_taken(project: Project, key: str) -> None:
    files = project.storage.from_("images")
    done = await files.upload(key, b"x", PNG)
    assert ("images", done.full_path.removeprefix("images/")) in project.emulator.objects
    assert (await project.http.get(await files.get_public_url(key))).content == b"x"


@pytest.mark.parametrize("key", ["../x.png", "a/../x.png", "a/..", "."])
async def test_keys_that_lead_elsewhere_are_refused(project: Project, key: str) -> None:
    path = f"/object/images/{key.replace('.', '%2e')}"  # as it is, no client would send it
    headers = {"Authorization": f"Bearer {project.emulator.service_key}"}
    answer = await project.raw(
        "POST", path, content=b"x", headers=headers | {"Content-Type": "image/png"}
    )
    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")
    assert answer.json()["message"] == f"Invalid key: {key}"
    assert not project.emulator.objects


Call = Callable[[AsyncStorageClient], Awaitable[object]]


def upload(
    bucket: str, key: str = "x.png", data: bytes = b"", content_type: str = "image/png"
) -> Call:
    return lambda s: s.from_(bucket).upload(key, data, {"content-type": content_type})


# The refusal, as WORDS has it, with what it is about, and what is refused.
REFUSALS: list[tuple[str, str, Call]] = [
    ("no bucket", "", upload("no")),
    ("no bucket", "", lambda s: s.from_("no").download("x")),
    ("no bucket", "", lambda s: s.get_bucket("no")),
    ("no object", "", lambda s: s.from_("images").download("x")),
    ("no object", "", lambda s: s.from_("images").info("x")),
    ("too large", "", upload("small", data=b"12345")),
    ("too large", "", upload("images", data=b"123456")),
    ("bad type", "image/jpeg", upload("small", content_type="image/jpeg")),
    *[
        ("bad type", kind, upload("images", content_type=kind))
        for kind in ("notamime", "image/", "image/*", "image png")
    ],
    *[
        ("bad key", key, upload("images", key))
        for key in ("я.png", "😀", "a#b", "a%b", "a~b", "a[b]", "a\\b", 'a"b', "a\nb")
    ],
    ("bad bucket", "", upload("a~b")),
    ("bad bucket", "", upload("b" * 101)),
    ("no content", "", upload("images", "")),
    ("no content", "", upload("images", "a/")),
    ("no route", "POST:/object/x.png", upload("")),
    ("internal", "", upload("images", "x" * 256)),
]


def words(name: str, about: str = "") -> tuple[str, str, str, str]:
    status, error, message, code, _ = WORDS[name]
    return status, error, message.format(about), code


@pytest.mark.parametrize(("name", "about", "call"), REFUSALS)
async def test_refusals(project: Project, name: str, about: str, call: Call) -> None:
    project.emulator.add_bucket("small", file_size_limit=4, allowed_mime_types=["image/png"])
    project.emulator.file_size_limit = 5
    assert await refused(call(project.storage)) == words(name, about)
    told = project.emulator.calls[-1]
    assert (told.code, told.status) == WORDS[name][3:]
    await upload("small", data=b"1234")(project.storage)


async def test_a_missing_public_object_is_http_400(project: Project) -> None:
    project.emulator.add_bucket("hidden", public=False)
    await project.storage.from_("hidden").upload("x.png", b"x", PNG)
    for bucket, words in (("images", "Object not found"), ("hidden", "Bucket not found")):
        got = await project.raw("GET", f"/object/public/{bucket}/x.png", headers={})
        assert got.status_code == 400
        assert (got.json()["statusCode"], got.json()["message"]) == ("404", words)
        head = await project.raw("HEAD", f"/object/public/{bucket}/x.png", headers={})
        assert (head.status_code, head.content) == (400, b"")


async def test_keys_that_are_no_keys(project: Project) -> None:
    """The others are met in tests/unit/storage/test_supabase.py."""
    for key, said in {
        "sb_secret_unknown": words("bad token", "Invalid Compact JWS"),
        project.emulator.keys.jwt("stranger"): words("unknown role"),
    }.items():
        assert await refused(upload("images")(await project.as_key(key))) == said
    with pytest.raises(ValueError, match="sb_secret_"):
        async with SupabaseEmulator.start(service_key="my-key"):
            pass


async def test_the_anon_key_sees_nothing_and_may_do_nothing(project: Project) -> None:
    await project.storage.from_("images").upload("x", b"x", PNG)
    for key in (project.emulator.anon_key, project.emulator.keys.jwt(None)):
        anon = await project.as_key(key)
        assert await refused(upload("images")(anon)) == words("not allowed")
        assert await refused(anon.get_bucket("images")) == words("no bucket")
        assert await anon.from_("images").remove(["x"]) == []
    assert ("images", "x") in project.emulator.objects


NOT_PLAYED = """
POST /object/copy, POST /object/move, POST /object/sign/images/x, POST /object/list/images,
GET /object/authenticated/images/x, PUT /object/images/x, DELETE /object/images/x,
GET /bucket, POST /bucket, DELETE /bucket/images, POST /bucket/images/empty
"""


@pytest.mark.parametrize("asked", NOT_PLAYED.replace("\n", " ").split(","))
async def test_what_is_not_played_says_so(project: Project, asked: str) -> None:
    method, path = asked.split()
    assert (await project.raw(method, path)).status_code == 501
