"""Results are kept, in Supabase or on disk, and delivery does not wait for that."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.demo.supabase import SupabaseEmulator
from storage.files import DiskFiles
from storage.items import Item
from storage.result_uploads import ResultUploads
from storage.supabase import SupabaseStorage
from tests.support import World, open_world, png


@pytest.fixture
async def supabase() -> AsyncIterator[SupabaseEmulator]:
    async with SupabaseEmulator.start() as supabase:
        for bucket in ("bot-images", "images", "videos"):
            supabase.add_bucket(bucket)
        yield supabase


@pytest.fixture
async def kept(tmp_path: Path, supabase: SupabaseEmulator) -> AsyncIterator[World]:
    """The bot with Supabase."""
    async with open_world(tmp_path) as world:
        world.use_supabase(supabase)
        await world.start()
        yield world
        await world.stop()


def files(world: World) -> list[Path]:
    return [path for path in (world.data_dir / "files").rglob("*") if path.is_file()]


async def test_without_supabase_results_stay_on_disk(world: World) -> None:
    anna = await world.customer()
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    (row,) = world.rows("SELECT file_key, stored_url FROM items")
    assert row["stored_url"] is None
    path = world.data_dir / "files" / row["file_key"]
    assert path.read_bytes() == world.data(picture)
    assert len(path.stem) == 32


async def test_with_supabase_results_move_there(kept: World, supabase: SupabaseEmulator) -> None:
    anna = await kept.customer()
    anna.send("кот")
    (picture,) = await kept.pictures(anna, 1)
    await kept.until(lambda: kept.rows("SELECT stored_url FROM items")[0]["stored_url"])
    (row,) = kept.rows("SELECT file_key, stored_url FROM items")
    stored = supabase.objects[("images", row["file_key"])]
    assert stored.data == kept.data(picture)
    assert stored.content_type == "image/png"
    assert row["stored_url"] == (
        f"{supabase.url}/storage/v1/object/public/images/{row['file_key']}"
    )
    await kept.until(lambda: files(kept) == [])


async def test_supabase_down_for_the_whole_generation(
    kept: World, supabase: SupabaseEmulator
) -> None:
    anna = await kept.customer()
    supabase.fault(hang=True, times=None)
    anna.send("кот --n 2")
    await kept.pictures(anna, 2)
    await kept.closed()
    assert supabase.objects == {}
    await kept.stop()
    supabase.mend()
    await kept.start()
    await kept.until(lambda: len(supabase.objects) == 2)
    await kept.until(lambda: files(kept) == [])


@pytest.mark.parametrize("trouble", ["missing bucket", "gateway", "too many", "cut", "bad body"])
async def test_what_could_not_be_saved_is_tried_again(
    kept: World, supabase: SupabaseEmulator, trouble: str
) -> None:
    anna = await kept.customer()
    match trouble:
        case "missing bucket":
            del supabase.buckets["images"]
        case "gateway":
            supabase.fault("upload", html=504, times=2)
        case "too many":
            supabase.fault("upload", answer="too_many", times=2)
        case "cut":
            supabase.fault("upload", cut_after_effect=True, times=3)
        case _:
            supabase.fault("upload", html=200, times=2)
    anna.send("кот")
    await kept.pictures(anna, 1)
    await kept.until(lambda: kept.rows("SELECT store_attempts AS n FROM items")[0]["n"] > 0)
    assert len(files(kept)) == 1
    if trouble == "missing bucket":
        supabase.add_bucket("images")
    await kept.until(lambda: kept.rows("SELECT stored_url FROM items")[0]["stored_url"])


def refuse_size(supabase: SupabaseEmulator) -> None:
    supabase.buckets["images"].file_size_limit = 10


def refuse_type(supabase: SupabaseEmulator) -> None:
    supabase.buckets["images"].allowed_mime_types = ["image/gif"]


def refuse_request(supabase: SupabaseEmulator) -> None:
    supabase.fault("upload", html=400, times=None)


@pytest.mark.parametrize("refuse", [refuse_size, refuse_type, refuse_request])
async def test_what_the_bucket_refuses_is_stored_once_it_was_mended(
    kept: World,
    supabase: SupabaseEmulator,
    refuse: Callable[[SupabaseEmulator], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    anna = await kept.customer()
    refuse(supabase)
    anna.send("кот")
    await kept.pictures(anna, 1)
    await kept.until(lambda: kept.rows("SELECT store_attempts AS n FROM items")[0]["n"] > 1)
    assert "the bucket 'images'" in caplog.text
    (path,) = files(kept)
    os.utime(path, (0, 0))
    await kept.stop()
    await kept.write("UPDATE items SET store_attempts = 0, store_after = 0")
    caplog.set_level(logging.INFO)
    await kept.start(keep_files_days=1)
    await kept.until(lambda: "older than 1 day(s) removed" in caplog.text)
    assert path.exists(), "it is still to be stored"
    supabase.buckets["images"].file_size_limit = None
    supabase.buckets["images"].allowed_mime_types = None
    supabase.mend()
    await kept.until(lambda: kept.rows("SELECT stored_url FROM items")[0]["stored_url"])


async def test_what_an_older_version_gave_up_is_stored_after_all(
    kept: World, supabase: SupabaseEmulator
) -> None:
    anna = await kept.customer()
    supabase.fault(hang=True, times=None)
    anna.send("кот --n 2")
    await kept.pictures(anna, 2)
    await kept.closed()
    await kept.stop()
    await kept.write("UPDATE items SET store_attempts = 1, store_after = NULL")
    gone, there = files(kept)
    gone.unlink()
    os.utime(there, (0, 0))
    supabase.mend()
    await kept.start(keep_files_days=1)
    await kept.until(lambda: len(supabase.objects) == 1)
    await kept.until(lambda: files(kept) == [])
    rows = kept.rows("SELECT stored_url, store_after FROM items ORDER BY stored_url")
    assert [row["stored_url"] is None for row in rows] == [True, False]
    assert rows[0]["store_after"] is None, "what is gone is not tried again"


@pytest.mark.parametrize("attempts", [1024, 10**9])
async def test_a_bucket_that_is_away_for_months_stops_nothing(
    kept: World, supabase: SupabaseEmulator, attempts: int, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await kept.customer()
    del supabase.buckets["images"]
    anna.send("кот")
    await kept.pictures(anna, 1)
    await kept.closed()
    await kept.stop()
    await kept.write("UPDATE items SET store_attempts = ?, store_after = 0", attempts)
    await kept.write("INSERT INTO files_to_remove VALUES ('items', 'aa/x.png', 0, ?)", attempts)
    supabase.fault("remove", html=502, times=None)
    caplog.clear()
    await kept.start()
    for sql in ("store_attempts AS n FROM items", "attempts AS n FROM files_to_remove"):
        await kept.until(lambda sql=sql: kept.rows(f"SELECT {sql}")[0]["n"] == attempts + 1)  # type: ignore[misc]
    anna.send("/help")
    await kept.said(anna, lambda text: "--ar" in text)
    assert "again in 3600 s" in caplog.text


async def test_a_file_that_cannot_be_read_stops_nothing(
    kept: World, supabase: SupabaseEmulator
) -> None:
    """A folder stands for it: who may read everything, as root does, cannot read that either."""
    anna = await kept.customer()
    supabase.fault(hang=True, times=None)
    anna.send("кот --n 3")
    await kept.pictures(anna, 3)
    await kept.closed()
    await kept.stop()
    supabase.mend()
    broken, *_ = files(kept)
    data = broken.read_bytes()
    broken.unlink()
    broken.mkdir()
    gone = kept.data_dir / "files" / "aa" / "gone.png"
    gone.mkdir(parents=True)
    os.utime(gone, (0, 0))
    await kept.write("UPDATE items SET store_attempts = 0, store_after = 0")
    await kept.write("INSERT INTO files_to_remove VALUES ('', 'aa/gone.png', 0, 0)")
    await kept.start(keep_files_days=1)
    await kept.until(lambda: len(supabase.objects) == 2)
    await kept.until(lambda: kept.rows("SELECT attempts AS n FROM files_to_remove")[0]["n"] > 0)
    await kept.until(lambda: kept.rows("SELECT max(store_attempts) AS n FROM items")[0]["n"] > 0)
    anna.send("/help")
    await kept.said(anna, lambda text: "--ar" in text)
    broken.rmdir()
    broken.write_bytes(data)
    gone.rmdir()
    await kept.until(lambda: len(supabase.objects) == 3)
    await kept.until(lambda: kept.rows("SELECT 1 FROM files_to_remove") == [])


async def test_a_result_that_cannot_be_read_is_fetched_again_and_delivered(world: World) -> None:
    anna = await world.customer()
    trouble = world.telegram.fault("sendPhoto", html=502, times=None)
    anna.send("кот")
    await world.telegram.wait_for(lambda: bool(world.telegram.calls_of("sendPhoto")))
    await world.stop()
    (path,) = files(world)
    path.unlink()
    path.mkdir()
    world.telegram.withdraw(trouble)
    await world.start()
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 79


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("missing", "'images'"),
        ("private", "make the bucket 'images' public"),
        ("types", "it refuses image/jpeg, image/webp, image/gif"),
        ("size", "it refuses files above 0.01 MB"),
        ("anon key", "SUPABASE_SERVICE_ROLE_KEY holds the anon key"),
    ],
)
async def test_the_start_names_what_is_wrong_with_a_bucket(
    tmp_path: Path,
    supabase: SupabaseEmulator,
    caplog: pytest.LogCaptureFixture,
    spoil: str,
    says: str,
) -> None:
    async with open_world(tmp_path) as world:
        world.use_supabase(supabase)
        if spoil == "missing":
            del supabase.buckets["images"]
        elif spoil == "private":
            supabase.buckets["images"].public = False
        elif spoil == "types":
            supabase.buckets["images"].allowed_mime_types = ["image/png"]
        elif spoil == "size":
            supabase.buckets["images"].file_size_limit = 10_000
        else:
            world.changes["supabase_service_role_key"] = supabase.anon_key
        await world.start()
        await world.customer()  # the bot works on
        await world.until(lambda: says in caplog.text)


def test_old_files_are_removed_from_disk_but_not_needed_ones(tmp_path: Path) -> None:
    store = DiskFiles(tmp_path)
    for key in ("aa/old.png", "aa/needed.png", "bb/new.png"):
        incoming = store.incoming("x")
        incoming.write_bytes(png())
        store.keep(incoming, key)
    now = store.path("bb/new.png").stat().st_mtime
    for key in ("aa/old.png", "aa/needed.png"):
        path = store.path(key)
        os.utime(path, (now - 100, now - 100))
    assert store.remove_older(50, now, {"aa/needed.png"}) == 1
    assert not store.path("aa/old.png").exists()
    assert store.path("aa/needed.png").exists()
    assert store.path("bb/new.png").exists()


async def test_a_file_whose_person_leaves_while_it_is_stored_stops_nothing(
    kept: World, supabase: SupabaseEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
    put, due = SupabaseStorage.put, ResultUploads.due

    async def slow(self: SupabaseStorage, *args: Any) -> str:
        begun.set()
        await go_on.wait()
        return await put(self, *args)

    async def look(self: ResultUploads, limit: int) -> list[Item]:
        if go_on.is_set():
            looked.set()
        return await due(self, limit)

    monkeypatch.setattr(SupabaseStorage, "put", slow)
    monkeypatch.setattr(ResultUploads, "due", look)
    anna = await kept.customer()
    anna.send("кот")
    await kept.pictures(anna, 1)
    await kept.closed()
    await begun.wait()
    anna.send("/delete_me")
    card = await kept.said(anna, lambda text: text.startswith("Удалить всё"))
    anna.press(card, "Удалить всё")
    await kept.until(lambda: kept.rows("SELECT 1 FROM users WHERE user_id = 1001") == [])
    supabase.fault("upload", html=503, times=2)
    go_on.set()
    await looked.wait()
    assert kept.rows("SELECT 1 FROM items WHERE store_after IS NOT NULL") == []
    anna.send("/help")
    await kept.said(anna, lambda text: "--ar" in text)
