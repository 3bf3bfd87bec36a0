"""Results are kept, in Supabase or on disk, and delivery does not wait for that."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.supabase import SupabaseEmulator
from storage.files import DiskFiles
from storage.images import Image
from storage.supabase import SupabaseStorage
from storage.to_store import ToStore
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
    (row,) = world.rows("SELECT file_key, stored_url FROM images")
    assert row["stored_url"] is None
    path = world.data_dir / "files" / row["file_key"]
    assert path.read_bytes() == world.data(picture)
    assert len(path.stem) == 32


async def test_with_supabase_results_move_there(kept: World, supabase: SupabaseEmulator) -> None:
    anna = await kept.customer()
    anna.send("кот")
    (picture,) = await kept.pictures(anna, 1)
    await kept.until(lambda: kept.rows("SELECT stored_url FROM images")[0]["stored_url"])
    (row,) = kept.rows("SELECT file_key, stored_url FROM images")
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
            supabase.fault("upload", too_many=True, times=2)
        case "cut":
            supabase.fault("upload", cut_after_effect=True, times=3)
        case _:
            supabase.fault("upload", html=200, times=2)
    anna.send("кот")
    await kept.pictures(anna, 1)
    await kept.until(lambda: kept.rows("SELECT store_attempts AS n FROM images")[0]["n"] > 0)
    assert len(files(kept)) == 1
    if trouble == "missing bucket":
        supabase.add_bucket("images")
    await kept.until(lambda: kept.rows("SELECT stored_url FROM images")[0]["stored_url"])


async def test_what_supabase_will_never_take_stays_on_disk(
    kept: World, supabase: SupabaseEmulator
) -> None:
    anna = await kept.customer()
    supabase.buckets["images"].file_size_limit = 10
    anna.send("кот")
    await kept.pictures(anna, 1)
    await kept.until(lambda: kept.rows("SELECT store_attempts AS n FROM images")[0]["n"] == 1)
    assert kept.rows("SELECT store_after, stored_url FROM images") == [
        {"store_after": None, "stored_url": None}
    ]
    assert len(files(kept)) == 1


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
    put, due = SupabaseStorage.put, ToStore.due

    async def slow(self: SupabaseStorage, *args: Any) -> str:
        begun.set()
        await go_on.wait()
        return await put(self, *args)

    async def look(self: ToStore, limit: int) -> list[Image]:
        if go_on.is_set():
            looked.set()
        return await due(self, limit)

    monkeypatch.setattr(SupabaseStorage, "put", slow)
    monkeypatch.setattr(ToStore, "due", look)
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
    assert kept.rows("SELECT 1 FROM images WHERE store_after IS NOT NULL") == []
    anna.send("/help")
    await kept.said(anna, lambda text: "--ar" in text)
