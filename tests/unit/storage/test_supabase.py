"""The bot's Supabase client against the emulator: what it stores, and how it fails."""

import logging
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import pytest
from storage3.exceptions import StorageApiError

from bot.demo.supabase import SupabaseEmulator
from storage.supabase import (
    FileStoreError,
    FileStoreRefusedError,
    FileStoreSetupError,
    FileStoreUnavailableError,
    SupabaseStorage,
)

KEY = "sb_secret_0123456789-recognisable"
BIG = b"x" * 2_000_000


@asynccontextmanager
async def open_both(
    key: str | None = None, *, timeout_s: float = 5
) -> AsyncIterator[tuple[SupabaseEmulator, SupabaseStorage]]:
    """An emulator with a public bucket `images`, and a client with its key or another."""
    async with SupabaseEmulator.start(service_key=KEY) as emulator:
        emulator.add_bucket("images")
        async with SupabaseStorage.open(emulator.url, key or KEY, timeout_s=timeout_s) as store:
            yield emulator, store


async def put(store: SupabaseStorage, bucket: str = "images", data: bytes = b"picture") -> str:
    return await store.put(bucket, "3f/x.png", data, "image/png")


def whole_text(error: BaseException) -> str:
    """All that a log could show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.fixture(autouse=True)
def key_never_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert "recognisable" not in caplog.text


async def test_a_picture_is_stored_and_everybody_can_fetch_it() -> None:
    async with open_both() as (emulator, store):
        await store.check_bucket("images")
        url = await put(store)
        assert url == f"{emulator.url}/storage/v1/object/public/images/3f/x.png"
        async with aiohttp.ClientSession() as http, http.get(url) as got:
            assert (await got.read(), got.content_type) == (b"picture", "image/png")
        assert await store.get("images", "3f/x.png") == b"picture"


async def test_storing_again_overwrites() -> None:
    async with open_both() as (emulator, store):
        assert await put(store) == await put(store, data=b"new")
        stored = emulator.objects["images", "3f/x.png"]
        assert (stored.data, stored.upserts) == (b"new", 1)


async def test_blanks_around_the_key_and_a_slash_behind_the_url_do_no_harm() -> None:
    async with SupabaseEmulator.start(service_key=KEY) as emulator:
        emulator.add_bucket("images")
        async with SupabaseStorage.open(f" {emulator.url}/ ", f" {KEY}\n") as store:
            assert "//object" not in await put(store)


async def test_no_connection_is_kept() -> None:
    async with open_both() as (emulator, store):
        emulator.add_bucket("small", file_size_limit=4)
        for bucket in ("small", "images", "small", "images"):
            if bucket == "images":
                await put(store, data=BIG)
            else:
                with pytest.raises(FileStoreRefusedError):
                    await put(store, "small", BIG)
        assert len({call.connection for call in emulator.calls}) == 4


Prepare = Callable[[SupabaseEmulator], object]
CASES: dict[str, tuple[Prepare, type[FileStoreError], str, str]] = {
    "no bucket": (
        lambda s: s.buckets.clear(),
        FileStoreSetupError,
        "404 Bucket not found",
        "create the bucket 'images' in the Supabase dashboard (Storage > New bucket)",
    ),
    "too large": (
        lambda s: s.add_bucket("images", file_size_limit=3),
        FileStoreSetupError,
        "413 The object exceeded the maximum allowed size",
        "raise the file size limit of the bucket 'images'",
    ),
    "wrong type": (
        lambda s: s.add_bucket("images", allowed_mime_types=["image/jpeg"]),
        FileStoreSetupError,
        "415 mime type image/png is not supported",
        "Allowed MIME types",
    ),
    "too large for the gateway": (
        lambda s: s.fault(html=413),
        FileStoreSetupError,
        "413 Unable to parse error message: <html>",
        "file size limit",
    ),
    "bad gateway": (
        lambda s: s.fault(html=502),
        FileStoreUnavailableError,
        "502 Unable",
        "SUPABASE_URL",
    ),
    "gateway timeout": (
        lambda s: s.fault(html=504),
        FileStoreUnavailableError,
        "504 Unable",
        "SUPABASE_URL",
    ),
    "paused project": (
        lambda s: s.fault(html=540),
        FileStoreUnavailableError,
        "540 Unable",
        "paused",
    ),
    "empty 500": (
        lambda s: s.fault(answer="empty"),
        FileStoreUnavailableError,
        "500 Unable",
        "passes",
    ),
    "no database": (
        lambda s: s.fault(answer="no_database"),
        FileStoreUnavailableError,
        "500 Internal Server Error",
        "passes",
    ),
    "too many connections": (
        lambda s: s.fault(answer="too_many"),
        FileStoreUnavailableError,
        "429 Too many connections",
        "passes",
    ),
    "gateway's 401": (
        lambda s: s.fault(answer="unauthorized"),
        FileStoreSetupError,
        "401 Unable",
        "SUPABASE_SERVICE_ROLE_KEY",
    ),
    "redirect": (
        lambda s: s.fault(answer="redirect"),
        FileStoreSetupError,
        "307 Unable",
        "SUPABASE_URL",
    ),
    "another site": (
        lambda s: s.fault(html=200),
        FileStoreSetupError,
        "not an answer of Supabase Storage: Expecting value",
        "SUPABASE_URL",
    ),
    "other JSON": (
        lambda s: s.fault(body={"ok": True}),
        FileStoreSetupError,
        "not an answer of Supabase Storage: 'Key'",
        "SUPABASE_URL",
    ),
    "a list": (
        lambda s: s.fault(body=[]),
        FileStoreSetupError,
        "not an answer of Supabase Storage: ",
        "SUPABASE_URL",
    ),
    "cut twice, nothing done": (
        lambda s: s.fault(cut_before_effect=True, times=2),
        FileStoreUnavailableError,
        "",
        "SUPABASE_URL",
    ),
    "cut twice, all done": (
        lambda s: s.fault(cut_after_effect=True, times=2),
        FileStoreUnavailableError,
        "Server disconnected without sending a response.",
        "SUPABASE_URL",
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_each_failure_says_what_to_do(case: str) -> None:
    prepare, kind, words, advice = CASES[case]
    async with open_both() as (emulator, store):
        prepare(emulator)
        with pytest.raises(FileStoreError) as caught:
            await put(store)
        error = caught.value
        assert type(error) is kind
        assert str(error).startswith("Supabase, putting images/3f/x.png: ")
        assert words in str(error)
        assert len(str(error)) < 260
        assert "\n" not in str(error)
        assert advice in error.advice
        assert error.__cause__ is not None
        assert "recognisable" not in whole_text(error)


@pytest.mark.parametrize("fault", ["cut_before_effect", "cut_after_effect"])
async def test_one_lost_connection_is_made_good(fault: str) -> None:
    async with open_both() as (emulator, store):
        lost: dict[str, Any] = {fault: True}
        emulator.fault("upload", **lost)
        await put(store, data=BIG)
        assert emulator.objects["images", "3f/x.png"].data == BIG
        assert len(emulator.calls) == 2


@pytest.mark.parametrize("fault", [{"hang": True}, {"drip_s": 0.05}])
async def test_a_call_ends_in_time_however_slow_the_answer(fault: dict[str, Any]) -> None:
    async with open_both(timeout_s=0.2) as (emulator, store):
        emulator.fault(**fault)
        with pytest.raises(FileStoreUnavailableError, match=r"not done in 0\.2 s") as caught:
            await put(store)
        assert "SUPABASE_URL" in caught.value.advice
        emulator.mend()
        await put(store)


async def test_a_time_out_without_words_shows_its_class() -> None:
    async with open_both() as (_, store):
        store._client.session.timeout = httpx.Timeout(1, read=0)  # noqa: SLF001 - 20 s are too long here
        with pytest.raises(FileStoreUnavailableError, match="ReadTimeout"):
            await put(store)


async def test_nobody_there() -> None:
    async with open_both() as (emulator, _):
        url = emulator.url
    async with SupabaseStorage.open(url, KEY) as store:
        with pytest.raises(FileStoreUnavailableError) as caught:
            await store.check_bucket("images")
    assert "SUPABASE_URL" in caught.value.advice
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


async def test_https_to_a_plain_port() -> None:
    async with (
        SupabaseEmulator.start() as emulator,
        SupabaseStorage.open(emulator.url.replace("http:", "https:"), KEY) as store,
    ):
        with pytest.raises(FileStoreUnavailableError, match="SSL"):
            await store.check_bucket("images")


async def test_a_url_that_leads_elsewhere() -> None:
    async with (
        SupabaseEmulator.start(service_key=KEY) as emulator,
        SupabaseStorage.open(f"{emulator.url}/storage/v1", KEY) as store,
    ):
        with pytest.raises(FileStoreSetupError, match="404") as caught:
            await store.check_bucket("images")
        assert "SUPABASE_URL" in caught.value.advice


async def test_wrong_keys() -> None:
    async with SupabaseEmulator.start() as emulator:
        emulator.add_bucket("images")
        keys = emulator.keys
        for key, words in {
            "garbage-recognisable": "403 Invalid Compact JWS",
            keys.jwt("service_role") + "x": "403 signature verification failed",
            keys.jwt("service_role", lives_s=-5): '403 "exp" claim timestamp check failed',
            emulator.anon_key: "403 new row violates row-level security policy",
        }.items():
            async with SupabaseStorage.open(emulator.url, key) as store:
                with pytest.raises(FileStoreSetupError) as caught:
                    await put(store)
                assert words in str(caught.value)
                assert "SUPABASE_SERVICE_ROLE_KEY" in caught.value.advice
                assert key not in whole_text(caught.value)
        stranger = keys.jwt("stranger")
        async with SupabaseStorage.open(emulator.url, stranger) as store:
            with pytest.raises(FileStoreUnavailableError, match="500 database error"):
                await put(store)


@pytest.mark.parametrize(
    "key", ["", " ", "ключ-recognisable", "two recognisable", "recognisable\nline"]
)
async def test_a_key_that_can_be_none_stops_at_once_and_is_not_shown(key: str) -> None:
    with pytest.raises(FileStoreSetupError, match="SUPABASE_SERVICE_ROLE_KEY") as caught:
        async with SupabaseStorage.open("http://127.0.0.1:9", key):
            pass
    assert "recognisable" not in whole_text(caught.value)
    assert "ключ" not in whole_text(caught.value)


@pytest.mark.parametrize("url", ["", "project.supabase.co", "http://[::1", "http://a:port"])
async def test_a_url_that_can_be_none_stops_at_once(url: str) -> None:
    with pytest.raises(FileStoreSetupError, match="SUPABASE_URL") as caught:
        async with SupabaseStorage.open(url, KEY):
            pass
    assert "SUPABASE_URL" in caught.value.advice
    assert caught.value.__cause__ is not None


async def test_a_forbidden_header_is_never_quoted() -> None:
    async with open_both() as (_, store):
        store._client.session.headers["x-key"] = "recognisable\n"  # noqa: SLF001 - past the check of the key
        with pytest.raises(FileStoreSetupError, match="a header is not allowed") as caught:
            await put(store)
        assert "recognisable" not in whole_text(caught.value)


async def test_a_private_or_missing_bucket_is_told_at_the_start() -> None:
    async with open_both() as (emulator, store):
        emulator.add_bucket("films", public=False)
        with pytest.raises(FileStoreSetupError, match="it is private") as caught:
            await store.check_bucket("films")
        assert "make the bucket 'films' public" in caught.value.advice
        with pytest.raises(FileStoreSetupError, match="404 Bucket not found") as caught:
            await store.check_bucket("other")
        assert "create the bucket 'other'" in caught.value.advice
        async with SupabaseStorage.open(emulator.url, emulator.anon_key) as anon:
            with pytest.raises(FileStoreSetupError) as caught:
                await anon.check_bucket("images")
        assert "anon" in caught.value.advice
        emulator.fault("bucket", body={"ok": True})
        with pytest.raises(FileStoreSetupError, match="not an answer of Supabase Storage"):
            await store.check_bucket("images")


async def test_a_bucket_that_refuses_pictures_is_told() -> None:
    async with open_both() as (emulator, store):
        types = ("image/png", "image/jpeg")
        for allowed in (None, [], ["image/*"], ["image/jpeg", "image/png"]):
            emulator.add_bucket("images", allowed_mime_types=allowed, file_size_limit=10_000_000)
            await store.check_bucket("images", types, 10_000_000)
        emulator.add_bucket("images", allowed_mime_types=["image/png", "video/*"])
        with pytest.raises(FileStoreSetupError, match=r"it refuses image/jpeg$") as caught:
            await store.check_bucket("images", types)
        assert "Allowed MIME types" in caught.value.advice
        emulator.add_bucket("images", file_size_limit=9_000_000)
        with pytest.raises(FileStoreSetupError, match="refuses files above 9 MB") as caught:
            await store.check_bucket("images", types, 10_000_000)
        assert "file size limit" in caught.value.advice


@pytest.mark.parametrize(
    ("role", "says"),
    [("anon", "the anon key"), ("authenticated", "the authenticated key"), (None, "nameless")],
)
async def test_a_key_tells_itself_that_it_is_too_weak(role: str | None, says: str) -> None:
    async with SupabaseEmulator.start() as emulator:
        emulator.add_bucket("images")
        key = emulator.keys.jwt(role)
        async with SupabaseStorage.open(emulator.url, emulator.service_key) as store:
            store.check_key()
            await put(store)
            await store.remove("images", "3f/none.png")
        async with SupabaseStorage.open(emulator.url, key) as weak:
            with pytest.raises(FileStoreSetupError, match=says) as caught:
                weak.check_key()
            assert "service_role" in caught.value.advice
            assert key not in whole_text(caught.value)
            # Storage's answer to this is "ok".
            with pytest.raises(FileStoreSetupError, match=says):
                await weak.remove("images", "3f/x.png")
        assert ("images", "3f/x.png") in emulator.objects


async def test_keys_that_are_no_jwt() -> None:
    for key in (KEY, "opaque", "a.b.c", "a.W10.c"):  # the last holds a list
        async with SupabaseStorage.open("http://127.0.0.1:9", key) as store:
            store.check_key()
    async with SupabaseStorage.open("http://127.0.0.1:9", "sb_publishable_0123456789") as store:
        with pytest.raises(FileStoreSetupError, match="the publishable key"):
            store.check_key()


async def test_what_is_still_there_was_not_removed() -> None:
    async with open_both() as (emulator, store):
        await put(store)
        emulator.fault("remove", body=[])
        with pytest.raises(FileStoreUnavailableError, match="is still there"):
            await store.remove("images", "3f/x.png")
        await store.remove("images", "3f/x.png")
        await store.remove("images", "3f/x.png")
        assert not emulator.objects


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "A.png", "a b", "ы", "a/../b", ".", "a\n", "a" * 200]
)
async def test_keys_that_would_be_stored_under_another_name(key: str) -> None:
    async with open_both() as (emulator, store):
        with pytest.raises(FileStoreRefusedError, match="not a key of ours"):
            await store.put("images", key, b"x", "image/png")
        assert not emulator.calls


@pytest.mark.parametrize("bucket", ["", "a/b", "..", "картинки", "b" * 101, "b\n"])
async def test_names_that_no_bucket_can_have(bucket: str) -> None:
    async with open_both() as (emulator, store):
        for call in (put(store, bucket), store.check_bucket(bucket), store.get(bucket, "x")):
            with pytest.raises(FileStoreSetupError, match="is not a bucket's name") as caught:
                await call
            assert "SUPABASE_IMAGE_BUCKET" in caught.value.advice
        assert not emulator.calls


@pytest.mark.parametrize("data", ["picture.png", bytearray(b"x"), memoryview(b"x")])
async def test_only_bytes_are_stored(data: Any) -> None:
    async with open_both() as (emulator, store):
        with pytest.raises(TypeError, match="bytes or a file are stored"):
            await put(store, data=data)
        assert not emulator.calls


async def test_a_file_that_is_not_there() -> None:
    async with open_both() as (_, store):
        with pytest.raises(FileStoreRefusedError, match="404 Object not found") as caught:
            await store.get("images", "x.png")
        assert isinstance(caught.value.__cause__, StorageApiError)


def test_a_bot_without_supabase_does_not_load_it() -> None:
    code = "import sys, storage.supabase; print({'supabase', 'storage3', 'httpx'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert done.stdout == "set()\n"
