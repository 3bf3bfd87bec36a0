"""What the operator sets: each wrong value is named with its place, and no secret is shown."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot import __version__
from bot.settings import (
    Given,
    KieAccess,
    KieSettings,
    Settings,
    explain,
    load_settings,
    misspelt,
    outside_volume,
)
from providers.base import ByInput
from providers.products import PRODUCTS

ROOT = Path(__file__).parents[3]
TOKEN = "123456789:AAE-token_of-a-bot"
KEY = "kie-key-0001"
GOOD = {"BOT_TOKEN": TOKEN, "KIE_API_KEY": KEY}
SECRET = "s3cr3t"  # stands in wrong values


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [*os.environ]:
        monkeypatch.delenv(name)


def load(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in {**GOOD, **values}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def complaints(monkeypatch: pytest.MonkeyPatch, **values: str) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        load(monkeypatch, **values)
    return explain(caught.value)


def derived(settings: Settings) -> list[str]:
    return [settings.telegram_path, settings.telegram_secret, settings.kie_path]


def test_two_values_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.bot_token.get_secret_value() == TOKEN
    assert settings.secrets == [TOKEN, KEY, *derived(settings)]
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.admin_ids == frozenset()
    assert settings.data_dir == Path("data")
    assert settings.kie("midjourney") == KieSettings(
        KieAccess("https://api.kie.ai", KEY, 60),
        ByInput("midjourney/v6-text-to-image", "midjourney/v6-image-to-image"),
        poll_interval_s=3,
        poll_timeout_s=900,
    )
    assert (settings.welcome_tokens, settings.max_quantity) == (79, 4)
    assert settings.user_max_active_images == 8
    assert (settings.log_level, settings.log_format) == ("INFO", "text")
    assert (settings.http_address, settings.public_url, settings.uses_webhook) == (
        None,
        None,
        False,
    )
    assert (settings.backup_dir, settings.backup_every_hours) == (None, 24)
    assert (settings.backups_kept, settings.backs_up_files) == ((24, 7, 4), False)


@pytest.mark.parametrize(
    ("given", "absent"),
    [
        ({"SUPABASE_URL": "https://x.supabase.co"}, "SUPABASE_SERVICE_ROLE_KEY"),
        ({"SUPABASE_SERVICE_ROLE_KEY": SECRET}, "SUPABASE_URL"),
    ],
)
def test_supabase_needs_both(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], absent: str
) -> None:
    (line,) = complaints(monkeypatch, **given)
    assert line.startswith(f"{absent}: missing; expected ")
    assert SECRET not in line


def test_secrets_are_not_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, MIDJOURNEY_KIE_API_KEY="own-key")
    for secret in settings.secrets:
        assert secret not in repr(settings)
        assert secret not in str(settings)
    assert len(settings.secrets) == 3 + len(derived(settings))


LONG = "0123456789abcdef0123456789"  # might be a key in another's place
WRONG = [
    ("BOT_TOKEN", SECRET, "what stands in the environment is not shown"),
    ("BOT_TOKEN", f"12:{SECRET} x", "is not shown"),
    ("BOT_TOKEN", f"{SECRET}:{SECRET}", "is not shown"),
    ("BOT_TOKEN", f"12:{SECRET}ключ", "is not shown"),
    ("BOT_TOKEN", f"१२:{SECRET}", "is not shown"),
    ("TELEGRAM_API_URL", "ftp://example.com", "given 'ftp://example.com' (the environment)"),
    ("TELEGRAM_API_URL", "bot.example.com", "given 'bot.example.com'"),
    ("TELEGRAM_API_URL", f"https://?{SECRET}", "given https://…"),
    ("TELEGRAM_API_URL", f"https://me:{SECRET}@example.com/a", "given 31 characters"),
    ("TELEGRAM_API_URL", f"https://123:{SECRET}", "given https://123…"),
    ("ADMIN_IDS", "1001,@anna", "given '1001,@anna' (the environment)"),
    ("ADMIN_IDS", f"1001,{LONG}", "given 31 characters (the environment)"),
    ("KIE_API_KEY", f"{SECRET} x", "is not shown"),
    ("KIE_API_KEY", f"{SECRET}ключ", "is not shown"),
    ("MIDJOURNEY_KIE_API_KEY", f"{SECRET}\tx", "is not shown"),
    ("MIDJOURNEY_KIE_BASE_URL", f"https://api.kie.ai/?key={SECRET}", "given https://api.kie.ai…"),
    ("MIDJOURNEY_KIE_BASE_URL", "http://[::x", "given http://… (the environment)"),
    ("MIDJOURNEY_KIE_POLL_INTERVAL", "0", "given '0'"),
    ("MIDJOURNEY_KIE_POLL_INTERVAL", " 3 s ", "given '3 s'"),
    ("MIDJOURNEY_KIE_POLL_TIMEOUT", "-900", "given '-900'"),
    ("MIDJOURNEY_KIE_POLL_TIMEOUT", "inf", "given 'inf'"),
    ("MIDJOURNEY_KIE_REQUEST_TIMEOUT", "nan", "given 'nan'"),
    ("WELCOME_TOKENS", "-1", "given '-1'"),
    ("WELCOME_TOKENS", "7.5", "given '7.5'"),
    ("WELCOME_TOKENS", "1000001", "given '1000001'"),
    ("MAX_QUANTITY", "0", "given '0'"),
    ("MAX_QUANTITY", "11", "given '11'"),
    ("USER_MAX_ACTIVE_IMAGES", "0", "given '0'"),
    ("CANCEL_SECONDS", "-1", "given '-1'"),
    ("CANCEL_SECONDS", "61", "given '61'"),
    ("CANCEL_SECONDS", "nan", "given 'nan'"),
    ("HTTP_BIND", "8080", "given '8080'"),
    ("HTTP_BIND", "localhost:0", "given 'localhost:0'"),
    ("HTTP_BIND", "::1:8080", "given '::1:8080'"),
    ("HTTP_BIND", "http://0.0.0.0:80", "given 'http://0.0.0.0:80'"),
    ("HTTP_BIND", "127.0.0.1:65536", "given '127.0.0.1:65536'"),
    ("WEBHOOK", "yes", "given 'yes'"),
    ("KIE_WEBHOOK_HMAC_KEY", f"{SECRET} x", "is not shown"),
    ("BACKUP_DIR", "data", "given 'data'"),
    ("BACKUP_EVERY_HOURS", "-1", "given '-1'"),
    ("BACKUP_KEEP", "24 7", "given '24 7'"),
    ("BACKUP_KEEP", "24 7 -4", "given '24 7 -4'"),
    ("BACKUP_KEEP", "0 0 0", "given '0 0 0'"),
    ("BACKUP_FILES", "1", "given '1'"),
    ("LOG_LEVEL", "loud\n", "given 'loud'"),
    ("LOG_FORMAT", LONG, "given 26 characters"),
]


@pytest.mark.parametrize(("name", "value", "shown"), WRONG)
def test_a_wrong_value_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, shown: str
) -> None:
    (line,) = complaints(monkeypatch, **{name: value})
    assert "\n" not in line
    expected, _, given = line.partition("; expected ")[2].rpartition("; ")
    assert line.startswith(f"{name}: wrong; expected ")
    assert expected == Settings.model_fields[name.lower()].description
    assert shown in given
    for secret in (SECRET, TOKEN, KEY, LONG):
        assert secret not in line


@pytest.mark.parametrize(
    "value",
    [
        "http://bot.example.org",
        "bot.example.org",
        "https://bot.example.org/path",
        "https://bot.example.org:8080",
        f"https://me:{SECRET}@bot.example.org",
    ],
)
def test_a_wrong_public_address_is_one_line(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    (line,) = complaints(monkeypatch, PUBLIC_URL=value, HTTP_BIND="127.0.0.1:8080")
    assert line.startswith("PUBLIC_URL: wrong; expected an address with https and without a path")
    assert SECRET not in line


def test_a_public_address_leads_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = complaints(monkeypatch, PUBLIC_URL="https://bot.example.org")
    assert line.startswith("HTTP_BIND: missing; expected host and port, like 127.0.0.1:8080")


def test_what_listens_and_what_is_known_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, HTTP_BIND="[::1]:8080", PUBLIC_URL="https://bot.example.org/")
    assert settings.http_address == ("::1", 8080)
    assert settings.public_url == "https://bot.example.org"
    assert settings.uses_webhook
    address = "https://bot.example.org:8080"  # with a port that Telegram does not take
    settings = load(monkeypatch, HTTP_BIND="0.0.0.0:80", PUBLIC_URL=address, WEBHOOK="Off")
    assert settings.http_address == ("0.0.0.0", 80)  # noqa: S104 - it is only read
    assert (settings.public_url, settings.uses_webhook) == (address, False)


def test_the_secret_paths_are_the_tokens_own_and_last(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert len({*derived(settings)}) == 3
    assert all(re.fullmatch("[A-Za-z0-9_-]{43}", each) for each in derived(settings))
    assert derived(load(monkeypatch)) == derived(settings)
    other = derived(load(monkeypatch, BOT_TOKEN=f"{TOKEN}x"))
    assert not {*other} & {*derived(settings)}


@pytest.mark.parametrize(
    "name",
    [
        "BOT_TOKEN",
        "KIE_API_KEY",
        "MIDJOURNEY_KIE_API_KEY",
        "SUPABASE_SERVICE_ROLE_KEY",
        "KIE_WEBHOOK_HMAC_KEY",
    ],
)
def test_a_secret_may_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    value, path = f"12345:{SECRET}", tmp_path / "secret"
    path.write_text(f"{value}\n", encoding="utf-8")
    others = {key: each for key, each in GOOD.items() if key != name}
    if name.startswith("SUPABASE"):
        others["SUPABASE_URL"] = "https://x.supabase.co"
    for key, each in {**others, f"{name}_FILE": str(path)}.items():
        monkeypatch.setenv(key, each)
    settings = load_settings()
    assert getattr(settings, name.lower()).get_secret_value() == value
    assert value in settings.secrets
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        load_settings()
    (line,) = explain(caught.value)
    assert line.startswith(f"{name}_FILE: set twice, with and without _FILE: remove one; expected ")
    assert SECRET not in line


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file or directory"),
        (b"\n", "empty"),
        (b"\xff", "no text in UTF-8"),
        (b"x" * 20_000, "too long"),
    ],
)
def test_a_file_without_a_secret_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    (tmp_path / ".env").write_text(f"KIE_API_KEY={KEY}\nBOT_TOKEN_FILE=t\n", encoding="utf-8")
    with pytest.raises(ValidationError) as caught:
        load_settings()
    (line,) = explain(caught.value)
    assert line == (
        f"BOT_TOKEN_FILE: {why}; expected a file that holds nothing but the value of BOT_TOKEN,"
        " in its place; given 't' (.env line 2)"
    )


def test_a_wrong_value_in_a_file_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(SECRET, encoding="utf-8")
    monkeypatch.setenv("KIE_API_KEY", KEY)
    monkeypatch.setenv("BOT_TOKEN_FILE", "token")
    with pytest.raises(ValidationError) as caught:
        load_settings()
    (line,) = explain(caught.value)
    assert line.startswith("BOT_TOKEN: wrong; expected ")
    assert line.endswith("; what stands in the file of BOT_TOKEN_FILE is not shown")


def test_on_railway_the_data_are_on_a_volume(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = load(monkeypatch, DATA_DIR=str(tmp_path / "data" / "bot"))
    assert outside_volume(settings, {}) is None
    assert outside_volume(settings, {"RAILWAY_TOKEN": "of the command line"}) is None
    here = {"RAILWAY_ENVIRONMENT": "production"}
    volume = {**here, "RAILWAY_VOLUME_MOUNT_PATH": str(tmp_path / "data")}
    assert outside_volume(settings, volume) is None
    why = outside_volume(settings, here)
    assert why is not None
    assert why.startswith(f"DATA_DIR: {tmp_path / 'data' / 'bot'} is not on a volume")
    assert why.endswith("attach a volume to the service at /data, and set DATA_DIR=/data")
    why = outside_volume(settings, {**here, "RAILWAY_VOLUME_MOUNT_PATH": "/data"})
    assert why is not None
    assert why.endswith("attach a volume to the service, and set DATA_DIR=/data")


@pytest.mark.parametrize("value", ["many", "'many'", '"many"  # as many as they like'])
def test_the_line_of_the_file_is_told(tmp_path: Path, value: str) -> None:
    text = f"# words\n\nBOT_TOKEN={TOKEN}\nKIE_API_KEY={KEY}\n\n\nexport MAX_QUANTITY={value}\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    with pytest.raises(ValidationError) as caught:
        load_settings()
    assert explain(caught.value) == [
        "MAX_QUANTITY: wrong; expected a whole number from 1 to 10; given 'many' (.env line 7)"
    ]


def test_a_wrong_value_of_the_environment_is_not_looked_for_in_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("MAX_QUANTITY=2\nLOG_LEVEL=LOUD\n", encoding="utf-8")
    monkeypatch.setenv("LOG_LEVEL", "")
    quantity, level = sorted(complaints(monkeypatch, MAX_QUANTITY="20"), reverse=True)
    assert quantity.endswith("; given '20' (the environment)")
    assert level.endswith("; given 'LOUD' (.env line 2)"), "what is empty does not win"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("BOT_TOKKEN", "BOT_TOKEN"),
        ("TELEGRAM_BOT_TOKEN", "BOT_TOKEN"),
        ("ADMIN_ID", "ADMIN_IDS"),
        ("KIE_KEY", "KIE_API_KEY"),
        ("MIDJOURNEY_MODEL", "MIDJOURNEY_KIE_TEXT_MODEL"),
        ("SUPABASE_SERVICE_KEY", "SUPABASE_SERVICE_ROLE_KEY"),
        ("COMPOSE_PROJECT_NAME", None),
        ("TZ", None),
        ("bot_token", None),  # capitals or not
    ],
)
def test_a_name_that_is_none_is_told_with_the_nearest(
    tmp_path: Path, name: str, nearest: str | None
) -> None:
    (tmp_path / ".env").write_text(f"{name}=x\n", encoding="utf-8")
    with pytest.raises(ValidationError) as caught:
        load_settings()
    told = [line for line in explain(caught.value) if "no setting has this name" in line]
    line = f"{name}: no setting has this name (.env line 1); the nearest is {nearest}"
    assert told == ([line] if nearest else [])


def test_names_of_the_shell_are_not_ours() -> None:
    shell = ["PATH", "HOME", "LOGNAME", "USER", "LANG", "XDG_DATA_DIRS", "SUPABASE_ACCESS_TOKEN"]
    assert misspelt([Given(name, "x", "the environment") for name in shell]) == []
    (each,) = misspelt([Given("BOT_TOKKEN", "x", "the environment")])
    assert each[1] == "BOT_TOKEN"


def test_the_name_of_an_old_token_is_left_alone_beside_the_right_one() -> None:
    given = [Given("OLD_BOT_TOKEN", "x", ".env line 1"), Given("BOT_TOKEN", "x", ".env line 2")]
    assert misspelt(given) == []


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = complaints(monkeypatch, MAX_QUANTITY=SECRET, LOG_LEVEL=SECRET, BOT_TOKEN=SECRET)
    names = [line.partition(":")[0] for line in lines]
    assert sorted(names) == ["BOT_TOKEN", "LOG_LEVEL", "MAX_QUANTITY"]


@pytest.mark.parametrize("name", ["BOT_TOKEN", "KIE_API_KEY"])
def test_empty_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (line,) = complaints(monkeypatch, **{name: ""})
    assert line.startswith(f"{name}: missing; expected ")
    assert "(the environment has nothing behind the =)" in line


def test_empty_takes_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, MAX_QUANTITY="", ADMIN_IDS="", LOG_LEVEL="").max_quantity == 4


def test_nothing_at_all_is_missing_and_the_demo_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        load_settings()
    token, key, file = explain(caught.value)
    assert file == "there is no .env here: cp .env.example .env, and fill it in"
    assert token.startswith("BOT_TOKEN: missing; expected ")
    assert "make demo" in token
    assert key.startswith("KIE_API_KEY: missing; expected ")
    assert "make demo" not in key


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"KIE_API_KEY": "common"}, "common"),
        ({"MIDJOURNEY_KIE_API_KEY": "own"}, "own"),
        ({"KIE_API_KEY": "common", "MIDJOURNEY_KIE_API_KEY": "own"}, "own"),
        ({"KIE_API_KEY": "common", "MIDJOURNEY_KIE_API_KEY": ""}, "common"),
        ({"KIE_API_KEY": "", "MIDJOURNEY_KIE_API_KEY": "own"}, "own"),
        ({"KIE_API_KEY": " common "}, "common"),
    ],
)
def test_the_key_for_midjourney(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], key: str
) -> None:
    for name, value in {"BOT_TOKEN": TOKEN, **given}.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.kie("midjourney").access.api_key == key
    keys = {value.strip() for value in given.values() if value}
    assert set(settings.secrets) == {TOKEN, *keys, *derived(settings)}


def test_what_a_product_does_not_set_is_as_for_all_of_kie(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        KIE_BASE_URL="http://127.0.0.1:1",
        KIE_POLL_TIMEOUT="1800",
        KIE_POLL_INTERVAL="5",
        MIDJOURNEY_KIE_POLL_INTERVAL="2",
        MIDJOURNEY_KIE_REQUEST_TIMEOUT="",
    )
    own = settings.kie("midjourney")
    assert own.access == KieAccess("http://127.0.0.1:1", KEY, 60)
    assert (own.poll_interval_s, own.poll_timeout_s) == (2, 1800)
    assert settings.variable("midjourney", "poll_interval") == "MIDJOURNEY_KIE_POLL_INTERVAL"
    assert settings.variable("midjourney", "base_url") == "KIE_BASE_URL"
    assert KEY not in repr(own)


def test_films_have_times_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, KIE_POLL_TIMEOUT="600", KIE_POLL_INTERVAL="1")
    own = settings.kie("kling")
    assert (own.poll_interval_s, own.poll_timeout_s) == (10, 1800)
    assert settings.variable("kling", "poll_timeout") == "KLING_KIE_POLL_TIMEOUT"
    added = settings.kie("added", is_film=True)
    assert (added.poll_interval_s, added.poll_timeout_s) == (1, 600), "it has no other settings"
    monkeypatch.delenv("KIE_POLL_TIMEOUT")
    monkeypatch.delenv("KIE_POLL_INTERVAL")
    settings = load(monkeypatch, KLING_KIE_POLL_TIMEOUT="3600")
    added = settings.kie("added", is_film=True)
    assert (added.poll_interval_s, added.poll_timeout_s) == (10, 1800)
    assert settings.kie("kling").poll_timeout_s == 3600


def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        f"# a comment\nBOT_TOKEN={TOKEN}\nKIE_API_KEY={KEY}\nMAX_QUANTITY=2\nWELCOME_TOKENS=5\n"
        "LOG_FORMAT=\nSOMETHING_ELSE=1\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("MAX_QUANTITY", "3")
    settings = load_settings()
    assert (settings.max_quantity, settings.welcome_tokens, settings.log_format) == (3, 5, "text")
    assert settings.bot_token.get_secret_value() == TOKEN
    monkeypatch.delenv("MAX_QUANTITY")
    assert load_settings().max_quantity == 2
    assert load_settings(tmp_path / ".env").max_quantity == 2


@pytest.mark.parametrize(
    ("given", "ids"),
    [("1001", {1001}), ("1001, 1002,", {1001, 1002}), (" 7 ,7", {7}), (",", set())],
)
def test_admin_ids(monkeypatch: pytest.MonkeyPatch, given: str, ids: set[int]) -> None:
    assert load(monkeypatch, ADMIN_IDS=given).admin_ids == ids


def test_values_are_tidied(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        BOT_TOKEN=f" {TOKEN} ",
        MIDJOURNEY_KIE_BASE_URL=" http://127.0.0.1:8080/ ",
        LOG_LEVEL="debug",
    )
    assert settings.bot_token == SecretStr(TOKEN)
    assert settings.kie("midjourney").access.base_url == "http://127.0.0.1:8080"
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize("command", [["run"], []])
def test_the_command_line_stops_with_status_2(tmp_path: Path, command: list[str]) -> None:
    environment = {"PATH": os.defpath, "MAX_QUANTITY": LONG}
    # Elsewhere, so that no .env is found.
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, ROOT / "main.py", *command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == [
        "BOT_TOKEN",
        "KIE_API_KEY",
        "MAX_QUANTITY",
    ]
    assert LONG not in ended.stderr
    assert not list(tmp_path.iterdir()), "nothing was made"


def test_the_command_line_does_not_start_on_railway_without_a_volume(tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, ROOT / "main.py"],
        cwd=tmp_path,
        env={"PATH": os.defpath, **GOOD, "RAILWAY_ENVIRONMENT_NAME": "production"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("DATA_DIR: ")
    assert ended.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir()), "nothing was made"


def test_every_setting_is_in_the_example_file() -> None:
    """`# words`, then `NAME=default`, or `# NAME=default` for what may stay as it is."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    example: dict[str, str] = {}
    for line in lines:
        match = re.fullmatch(r"(?:# ?)?([A-Z][A-Z0-9_]*)=(.*)", line)
        if match:
            assert match[1] not in example, f"{match[1]} stands there twice"
            example[match[1]] = match[2].strip()
        else:
            assert not line or line.startswith("#"), f"what is this: {line}"
    # Of the products that there are the first stands there, for all of them.
    others = tuple(f"{key}_kie_" for key in [*PRODUCTS][1:])
    names = [name for name in Settings.model_fields if not name.startswith(others)]
    fields = {name.upper(): Settings.model_fields[name] for name in names}
    assert set(example) == set(fields)
    for name, field in fields.items():
        default = field.get_default()
        if field.is_required() or default is None or default == frozenset():
            assert example[name] == "", f"{name} has no default"
        else:
            assert example[name] == str(default), f"the default of {name}"


def test_the_program_knows_its_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert __version__ == project["version"]
