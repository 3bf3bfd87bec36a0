"""Everything the doctor finds, over HTTP against the emulators and on real files."""

import asyncio
import errno
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.admin import doctor
from bot.admin.doctor import GB, Finding, examine
from bot.demo.supabase import SupabaseEmulator
from bot.media.buckets import open_supabase
from bot.settings import Settings
from bot.telegram.webhook import address_of
from storage import audit
from storage.backup_folder import name_of
from tests.processes import Forked, run_main
from tests.support import World, open_world

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:1"  # nobody listens there


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """KIE takes one question about models a second, which nobody waits for here."""
    monkeypatch.setattr(doctor, "DISCOVERY", (100, 0.001))


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[World]:
    """All there is around the bot, which was never started."""
    async with open_world(tmp_path / "data") as world:
        world.kie.limits = None
        yield world


@pytest.fixture
async def supabase() -> AsyncIterator[SupabaseEmulator]:
    async with SupabaseEmulator.start() as supabase:
        supabase.add_bucket("bot-images")
        supabase.add_bucket("images")
        yield supabase


async def found(settings: Settings, env_file: Path | None = None, **limits: float) -> list[Finding]:
    """What the doctor finds; nothing of it is secret."""
    # Supabase's client is imported meanwhile: nobody may be impatient.
    settings = settings.model_copy(update={"midjourney_kie_request_timeout": 60.0})
    async with aclosing(examine(settings, env_file=env_file, **limits)) as examination:
        findings = [finding async for finding in examination]
    for secret in settings.secrets:
        assert secret not in "\n".join(map(str, findings))
    return findings


async def webhook_line(world: World) -> str:
    """What is told of the webhook."""
    (line,) = [each for each in await lines(world) if "webhook: " in each]
    return line


async def lines(world: World, **limits: float) -> list[str]:
    return [str(finding) for finding in await found(world.settings, None, **limits)]


async def problem(world: World, env_file: Path | None = None) -> str:
    """The only thing that is wrong."""
    (line,) = await problems(world, env_file)
    return line


async def problems(world: World, env_file: Path | None = None, **limits: float) -> list[str]:
    findings = await found(world.settings, env_file, **limits)
    return [str(finding) for finding in findings if not finding.ok]


def kie_says(code: int) -> str:
    return json.dumps({"code": code, "msg": "KIE's own words", "data": None})


# --- All well


async def test_before_the_first_start(around: World, supabase: SupabaseEmulator) -> None:
    around.use_supabase(supabase)
    around.kie.credits = 5760.65
    found = await lines(around)
    data_dir = around.data_dir
    assert found.pop(2).startswith(f"ok      DATA_DIR {data_dir}, ")
    assert found.pop(2) == "ok      permissions: only the bot's user can read keys and database"
    assert found == [
        "ok      settings",
        f"ok      DATA_DIR {data_dir} can be written",
        "ok      backups: none are made, BACKUP_DIR is not set",
        "ok      database: none yet, the first start makes it",
        "ok      Telegram: the token is that of @emulated_bot; 0 update(s) wait",
        "ok      Stars: 0 on the bot's balance",
        "ok      KIE credit: 5760.65",
        "ok      MIDJOURNEY_KIE_TEXT_MODEL: KIE lists midjourney/v6-text-to-image",
        "ok      MIDJOURNEY_KIE_IMAGE_MODEL: KIE lists midjourney/v6-image-to-image",
        "ok      Supabase, bucket 'bot-images': there, public, and takes our files",
        "ok      Supabase, bucket 'images': there, public, and takes our files",
    ]
    assert not data_dir.exists(), "nothing is made by asking"


async def test_data_that_railway_would_remove(
    around: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAILWAY_SERVICE_NAME", "bot")
    said = await problem(around)
    assert said.startswith(f"PROBLEM {around.data_dir} is not on a volume, and Railway's next ")


async def test_while_the_bot_runs(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    anna.send("лиса --n 2")
    await world.until(lambda: len(world.kie.tasks) == 2)
    await world.until(lambda: len(world.rows("SELECT 1 FROM items WHERE task_id IS NOT NULL")) == 2)
    found = await lines(world)
    assert [line for line in found if line.startswith("PROBLEM")] == []
    version = world.rows("PRAGMA user_version")[0]["user_version"]
    assert f"ok      database: sound, version {version}" in found
    assert "ok      money: every balance, charge and refund agrees" in found
    assert "ok      images: 2 unfinished (2 generating)" in found
    assert "ok      Supabase: not set up, pictures stay in DATA_DIR" in found


# --- The settings


async def test_nobody_is_admin(around: World) -> None:
    around.changes["admin_ids"] = frozenset()
    assert await problem(around) == (
        "PROBLEM ADMIN_IDS, empty: nobody can give tokens to people, and nobody gets"
        " alerts and requests for refunds: put your own Telegram id there"
    )


def env_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / ".env"
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")
    return path


async def test_misspelt_settings(
    around: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WELCOME_TOKEN", "1")
    monkeypatch.setenv("XDG_DATA_DIRS", "/usr/share")
    monkeypatch.setenv("SUPABASE_ACCESS_TOKEN", "a tool's of their own")
    given = env_file(tmp_path, "BOT_TOKEN=1:x\n\nKIE_LOW_CREDITS=5\nCOMPOSE_PROJECT_NAME=bot\n")
    in_file, in_environment = await problems(around, given)
    assert in_file == (
        "PROBLEM KIE_LOW_CREDITS: no setting has this name (.env line 3); the nearest is"
        " KIE_LOW_CREDIT: rename it, or remove it"
    )
    assert in_environment.startswith("PROBLEM WELCOME_TOKEN: no setting has this name (the env")
    assert "the nearest is WELCOME_TOKENS" in in_environment


async def test_a_data_dir_of_nothing(
    around: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = env_file(tmp_path, "DATA_DIR=\n")
    line = await problem(around, given)
    assert line.startswith("PROBLEM DATA_DIR, set to nothing (.env line 1): name a folder, or")
    assert str(around.data_dir) in line
    monkeypatch.setenv("DATA_DIR", str(around.data_dir))
    assert await problems(around, given) == []
    monkeypatch.setenv("DATA_DIR", "")
    assert "(the environment)" in await problem(around)


# --- Rights


async def test_what_others_may_read(around: World, tmp_path: Path) -> None:
    await stopped(around)
    given = env_file(tmp_path, "")
    database = around.data_dir / "bot.db"
    copy = around.data_dir / "before the upgrade.db"
    shutil.copy(database, copy)
    for path, mode in {given: 0o640, database: 0o604, copy: 0o644}.items():
        path.chmod(mode)
    line = await problem(around, given)
    assert f"others on this machine may read {given}, {copy}, {database}: " in line
    command = line.rpartition(": ")[2]
    assert command == f"chmod go= {given} '{copy}' {database}"
    await run(*shlex.split(command))
    assert await problems(around, given) == []
    around.data_dir.chmod(0o755)
    assert (await problem(around, given)).endswith(f": chmod go= {around.data_dir}")


# --- As a command


async def run(*command: str | Path, **environment: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return process.returncode, told.decode()


async def test_make_ends_with_the_status_of_the_program(around: World) -> None:
    environment = {
        "BOT_TOKEN": around.telegram.token,
        "TELEGRAM_API_URL": around.telegram.url,
        "KIE_API_KEY": around.kie.key,
        "MIDJOURNEY_KIE_BASE_URL": around.kie.url,
        "DATA_DIR": str(around.data_dir),
        "ADMIN_IDS": "1",
    }
    # As make finds it, with nothing to be installed.
    stamp = "run.stamp"
    make = (
        "make",
        "-C",
        ROOT,
        "-o",
        stamp,
        "doctor",
        "VENV=.",
        f"BIN={Path(sys.executable).parent}",
    )

    async def statuses() -> list[int | None]:
        program, _ = await Forked(run_main, environment, ("doctor",)).ended()
        return [program, (await run(*make, **environment))[0]]

    for credits_left, status in ((1000, 0), (0, 2)):
        around.kie.credits = credits_left
        assert await statuses() == [status] * 2
    del environment["BOT_TOKEN"]
    assert await statuses() == [2, 2]


# --- The disk


async def test_a_data_dir_that_is_no_folder(around: World) -> None:
    around.data_dir.write_text("")
    assert "DATA_DIR" in (await problems(around))[0]
    around.data_dir /= "data"
    (line,) = [line for line in await problems(around) if "DATA_DIR" in line]
    assert "it must be a folder that the bot's user may write to" in line


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.EROFS, "must be a folder"), (errno.EACCES, "must be"), (errno.ENOSPC, "is full")],
)
async def test_a_data_dir_that_cannot_be_written(
    around: World, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(doctor, "TemporaryFile", refuse)
    assert advice in await problem(around)


async def test_little_room(around: World, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=GB - 1))
    line = await problem(around)
    assert line == (
        f"PROBLEM DATA_DIR {around.data_dir}, 1.0 GB free on its disk: make room: 1 GB at least"
    )
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=GB))
    assert await problems(around) == []


async def test_files_of_another_user(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.customer()
    monkeypatch.setattr(os, "access", lambda path, _: path.name == "files")
    line = await problem(world)
    assert "may not write bot.db, bot.db-wal, bot.db-shm: give them to the bot's user" in line


# --- The database


async def stopped(world: World) -> None:
    """Somebody with tokens, and a bot that is not running any more."""
    await world.start()
    await world.customer()
    await world.stop()


async def test_backups(around: World, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    around.changes["backup_dir"] = folder
    assert f"PROBLEM backups, no good one in {folder}: the bot makes the first when it starts;" in (
        "\n".join(await lines(around))
    )
    made = {
        hours: folder / name_of(time.time() - hours * 3600, archive=False, unsound=False)
        for hours in (30, 20)
    }
    made[30].write_bytes(b"\x1f\x8b")
    (old,) = [line for line in await lines(around) if "backups: " in line]
    assert old.startswith(
        f"PROBLEM backups: the last good one is 30 h old, {made[30]}: see the log"
    )
    made[20].write_bytes(b"\x1f\x8b")
    assert f"ok      backups: the last good one is 20 h old, {made[20]}" in await lines(around)


async def test_money_that_does_not_agree(around: World) -> None:
    await stopped(around)
    await around.write("UPDATE users SET balance = balance + 5 WHERE user_id = 1001")
    line = await problem(around)
    assert line.startswith("PROBLEM money, a balance is the sum of its ledger, and never negative:")
    assert "1001" in line


async def test_of_much_that_is_broken_the_first_is_told(around: World) -> None:
    await stopped(around)
    for user_id in range(10):
        await around.write(
            "INSERT INTO users (user_id, balance, language, created_at) VALUES (?, 5, 'ru', 0)",
            5000 + user_id,
        )
    found = await problems(around)
    assert len(found) == 6
    assert found[-1].startswith("PROBLEM money, and 5 more:")


async def test_a_newer_database(around: World) -> None:
    await stopped(around)
    await around.write("PRAGMA user_version = 999")
    line = await problem(around)
    assert line.startswith("PROBLEM database, version 999: this program knows versions up to ")


async def test_an_older_database(around: World) -> None:
    await stopped(around)
    await around.write("PRAGMA user_version = 1")
    found = await lines(around)
    assert [line for line in found if line.startswith("PROBLEM")] == []
    assert any(line.startswith("ok      database: sound, version 1; the next") for line in found)


async def test_a_damaged_database(around: World) -> None:
    await stopped(around)
    path = around.data_dir / "bot.db"
    with path.open("r+b") as file:
        file.seek(36)  # the count of free pages, sqlite.org/fileformat2.html
        file.write(b"\x00\x00\x00\x05")
    line = await problem(around)
    assert line.startswith("PROBLEM database, damaged: ")
    assert "restore the latest backup: main.py restore FILE" in line


async def test_no_database_at_all(around: World) -> None:
    around.data_dir.mkdir(0o700)
    (around.data_dir / "bot.db").touch(0o600)
    (around.data_dir / "bot.db").write_text("not a database, but long enough for one\n" * 100)
    line = await problem(around)
    assert line.startswith("PROBLEM database: the database file is damaged: bring back a backup")


# --- Telegram


async def test_a_token_that_telegram_does_not_know(around: World) -> None:
    around.changes["bot_token"] = SecretStr("123456:another")
    assert await problem(around) == (
        "PROBLEM BOT_TOKEN: Telegram does not know the token: copy it again from @BotFather"
    )


@pytest.mark.parametrize("fault", [{"html": 502}, {"status": 500}, {"retry_after": 7}])
async def test_telegram_in_trouble(around: World, fault: dict[str, int]) -> None:
    around.telegram.fault("getMe", **fault)
    line = await problem(around)
    assert line.startswith("PROBLEM Telegram: no usable answer: check the network and TELEGRAM")
    assert len(line) < 400
    assert "\n" not in line


async def test_telegram_out_of_reach(around: World) -> None:
    around.changes["telegram_api_url"] = NOWHERE
    assert "check the network and TELEGRAM_API_URL" in await problem(around)


async def test_a_webhook(around: World) -> None:
    around.telegram.updates.webhook_url = "https://bot.example.com/hidden-path"
    line = await problem(around)
    assert line.startswith("PROBLEM Telegram, a webhook is set to bot.example.com: ")
    assert "hidden-path" not in line
    assert around.telegram.updates.webhook_url, "it is not ours to remove"


async def test_the_bot_s_own_webhook(around: World) -> None:
    """What Telegram could not bring is told; it is a problem while that goes on."""
    around.use_webhook(1)  # nobody listens there
    webhook = around.telegram.updates.webhook
    assert await webhook_line(around) == (
        "ok      webhook: none yet, the bot's start sets it to bot.example.org"
    )
    around.telegram.updates.webhook_url = "https://example.com/hidden-path"
    line = await problem(around)
    assert line.startswith("PROBLEM Telegram, another webhook is set to example.com: ")
    assert "sets its own" in line
    around.telegram.updates.webhook_url = address_of(around.settings)
    assert await webhook_line(around) == (
        "ok      webhook: set to bot.example.org, Telegram tells of no error"
    )
    around.person(1001, "Анна").send("/start")
    await around.telegram.wait_for(lambda: webhook.last_error)
    line = await problem(around)
    assert "webhook: set to bot.example.org; the last error was at " in line
    assert "UTC: Connection refused: start the bot if it is stopped; else see that" in line
    around.telegram.updates.pending.clear()
    line = await webhook_line(around)
    assert line.startswith("ok ")
    assert "Connection refused" in line, "it is told all the same"


# --- KIE


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (401, "KIE does not take the key of KIE_API_KEY: copy it again"),
        (402, "the account has no credit: top up"),
        (433, "the key of KIE_API_KEY is used up: raise its cap"),
        (429, "too many requests"),
        (455, "KIE refuses to answer: try again later"),
    ],
)
async def test_kie_refuses(around: World, code: int, advice: str) -> None:
    around.kie.fault("credit", body=kie_says(code))
    line = await problem(around)
    assert line.startswith(f"PROBLEM KIE credit: {advice}")
    assert "KIE's own words" in line


async def test_a_key_that_is_wrong(around: World) -> None:
    around.changes["midjourney_kie_api_key"] = SecretStr("another-key")
    credit, models = await problems(around)
    assert credit.startswith("PROBLEM KIE credit: KIE does not take the key of MIDJOURNEY_KIE_API_")
    assert models.startswith("PROBLEM KIE models: the list cannot be read: KIE does not take the")


async def test_what_kie_says_is_not_trusted_with_secrets(around: World) -> None:
    around.kie.fault("credit", body=json.dumps({"code": 401, "msg": f"no: {around.kie.key}"}))
    assert "code 401: no: ***" in await problem(around)


async def test_kie_out_of_reach(around: World) -> None:
    around.changes["midjourney_kie_base_url"] = NOWHERE
    for line in await problems(around):
        assert "KIE cannot be reached: check the network and MIDJOURNEY_KIE_BASE_URL" in line


async def test_a_gateway_in_the_way(around: World) -> None:
    around.kie.fault("models", html=502)
    assert "PROBLEM KIE models: the list cannot be read: KIE cannot be" in await problem(around)


@pytest.mark.parametrize("low", [200, 50])
async def test_little_credit(around: World, low: int) -> None:
    around.changes["kie_low_credit"] = low
    around.kie.credits = low - 0.5
    assert await problem(around) == (
        f"PROBLEM KIE credit: {low - 0.5}: top up at kie.ai: below {low} (KIE_LOW_CREDIT) it will"
        " soon refuse pictures"
    )
    around.kie.credits = low
    assert await problems(around) == []


async def test_no_credit_is_too_little_for_any_limit(around: World) -> None:
    around.changes["kie_low_credit"] = 0
    around.kie.credits = 0
    assert "PROBLEM KIE credit: 0: top up" in await problem(around)
    around.kie.credits = 0.5
    assert await problems(around) == []


async def test_models_that_kie_does_not_list(around: World) -> None:
    around.kie.models = {
        "flux-2/pro-text-to-image",
        "seedream/4.5-text-to-image",
        "kling-3.0/video",
        "midjourney/v6-text-to-image",
        "midjourney/v6-image-to-image",
    }
    around.kie.unlisted_models = {"midjourney/v6-text-to-image"}
    line = await problem(around)
    assert line.startswith(
        "PROBLEM MIDJOURNEY_KIE_TEXT_MODEL midjourney/v6-text-to-image: not in KIE's list of 4;"
    )
    nearest = line.rpartition("the closest: ")[2].split(", ")
    assert nearest[0] == "midjourney/v6-image-to-image"
    assert "kling-3.0/video" not in nearest


async def test_a_list_without_anything_alike(around: World) -> None:
    around.kie.models = {"z"}
    for line in await problems(around):
        assert line.endswith("not in KIE's list of 1; set another name; the closest: none")


async def test_what_kie_says_otherwise_of_what_is_on_sale(world: World) -> None:
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'banana'")))
    await world.write("UPDATE models SET enabled = slug IN ('banana', 'draft')")
    world.kie.limits = None
    assert await problems(world) == []
    world.kie.unlisted_models = {"nano-banana-2-1"}
    known = world.kie.market["z-image"]
    ratio = {"enum": ["1:1", "4:3", "3:4", "16:9"]}
    fields = {**known.fields, "aspect_ratio": ratio, "style": {}}
    world.kie.market["z-image"] = replace(known, fields=fields, told="prompt style")
    await world.write("INSERT INTO kie_models (model, price) VALUES ('z-image', 'free')")
    count = len(world.kie.models) - 1
    banana = f"nano-banana-2-1: not in KIE's list of {count}; nano-banana-2 is used in its place"
    assert [line.removeprefix("PROBLEM ") for line in await problems(world)] == [
        f"NANO_BANANA_KIE_TEXT_MODEL {banana}, see its price",
        f"NANO_BANANA_KIE_IMAGE_MODEL {banana}, see its price",
        (
            "draft (z-image): KIE's price has changed, see /price: before 'free', now 'A request:"
            " 0.8 credits ($0.004).'"
        ),
        "draft (z-image): KIE's schema requires what is never sent: style",
        (
            "draft (z-image): KIE's schema does not take what the bot offers: aspect_ratio 9:16:"
            " none of 1:1, 4:3, 3:4, 16:9"
        ),
    ]


async def test_prices_below_what_kie_takes(world: World) -> None:
    anna = await world.customer()
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'cutout'")))
    world.kie.limits = None
    for taken in (20, 30):
        world.kie.next_result(record={"creditsConsumed": taken})
        anna.send("лиса")
    await world.pictures(anna, 2)
    await world.closed()
    await world.write("UPDATE models SET enabled = slug IN ('kling', 'clip', 'midjourney-v7-fast')")
    await world.write("UPDATE model_prices SET price = 80 WHERE slug = 'kling'")
    await world.write("UPDATE model_prices SET price = 60 WHERE slug = 'clip'")
    await world.write("UPDATE models SET price = 10 WHERE slug = 'draft'")  # not on sale
    assert await problems(world) == [], "nobody knows what a token is worth"
    world.changes["token_price_usd"] = 0.005
    assert [line.removeprefix("PROBLEM ") for line in await problems(world)] == [
        (
            "price of kling duration=10, 80 tokens bring $0.4, KIE takes 84 credits, $0.42: raise"
            " it: /price kling"
        ),
        (
            "price of clip duration=15 q=high, 48 tokens bring $0.24, KIE takes 123 credits,"
            " $0.615: raise it: /price clip"
        ),
    ]
    world.changes["token_price_usd"] = 0.001
    said = await problems(world)
    assert (
        "PROBLEM price of midjourney-v7-fast, of late 79 tokens bring $0.079 on average, KIE took"
        " 25 credits, $0.125: raise it: /price midjourney-v7-fast"
    ) in said
    await world.write("UPDATE models SET enabled = slug = 'draft'")
    world.changes["token_price_usd"] = 1
    assert "ok      prices: all on sale bring what KIE takes, as far as known" in await lines(world)


# --- Supabase


async def test_buckets(around: World, supabase: SupabaseEmulator) -> None:
    around.use_supabase(supabase)
    supabase.add_bucket("images", public=False)
    del supabase.buckets["bot-images"]
    missing, private = await problems(around)
    assert "create the bucket 'bot-images' in the Supabase dashboard" in missing
    assert "make the bucket 'images' public in the Supabase dashboard" in private


async def test_buckets_that_refuse_pictures(around: World, supabase: SupabaseEmulator) -> None:
    around.use_supabase(supabase)
    supabase.add_bucket("bot-images", file_size_limit=1_500_000)
    supabase.add_bucket("images", allowed_mime_types=["video/mp4"])
    size, types = await problems(around)
    assert size.startswith("PROBLEM Supabase, bucket 'bot-images': it refuses files above 1.5 MB")
    assert "raise the file size limit of the bucket 'bot-images'" in size
    assert "it refuses image/png, image/jpeg, image/webp, image/gif" in types
    assert "let the bucket 'images' take these types" in types


async def test_one_bucket_for_both(around: World, supabase: SupabaseEmulator) -> None:
    around.use_supabase(supabase)
    around.changes["supabase_input_bucket"] = "images"
    supabase.add_bucket("images", allowed_mime_types=["image/png"])
    assert "it refuses image/jpeg" in await problem(around)


async def test_the_anon_key(around: World, supabase: SupabaseEmulator) -> None:
    around.use_supabase(supabase)
    around.changes["supabase_service_role_key"] = SecretStr(supabase.anon_key)
    line = await problem(around)
    assert line.startswith("PROBLEM SUPABASE_SERVICE_ROLE_KEY holds the anon key: check SUPABASE_")


async def test_a_key_that_is_none_at_supabase(around: World, supabase: SupabaseEmulator) -> None:
    around.use_supabase(supabase)
    around.changes["supabase_service_role_key"] = SecretStr("nonsense")
    found = await problems(around)
    assert found
    assert all(
        "check SUPABASE_SERVICE_ROLE_KEY" in line or "SUPABASE_URL" in line for line in found
    )


# --- The doctor


async def test_no_check_waits_for_another_or_for_ever(
    around: World, supabase: SupabaseEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stopped(around)
    around.use_supabase(supabase)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    monkeypatch.setattr(audit, "INVARIANTS", [("endless", f"{endless} WHERE i < 0")])
    async with open_supabase(around.settings):
        pass  # supabase-py takes its time to be imported
    around.telegram.fault("getMe", hang=True)
    around.kie.fault("credit", hang=True)
    supabase.fault("bucket", hang=True, times=None)
    found = await lines(around, network_limit_s=1, database_limit_s=1)
    assert [line for line in found if line.startswith("PROBLEM")] == [
        f"PROBLEM {subject}: no result in 1 s; try again later"
        for subject in ("database", "Telegram", "KIE credit", "Supabase")
    ]
    assert any("KIE lists" in line for line in found), "the others are told all the same"


async def test_a_check_that_breaks_off(around: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(doctor, "check_disk", broken)
    assert await problem(around) == (
        "PROBLEM DATA_DIR: the check itself failed, please report ZeroDivisionError('a mistake')"
    )
