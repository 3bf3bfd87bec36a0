"""Log lines: which job they are about, and no secrets."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Literal

import pytest

from bot.logs import log_context, set_up_logging

TOKEN = "123456789:AAE-token_of-a-bot_that-is-ours"
OTHER_TOKEN = "987654321:AAF_token-of_another-bot-0123456"
KEY = "kie-key-0001"
FILE_URL = f"https://api.telegram.org/file/bot{OTHER_TOKEN}/photos/file_1.jpg"
Form = Literal["text", "json"]
logger = logging.getLogger("tests.logs")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def fail(what: str) -> None:
    try:
        raise ValueError(f"inner {what}")
    except ValueError as error:
        raise RuntimeError(f"outer {what}") from error


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "secret",
    [TOKEN, KEY, OTHER_TOKEN, FILE_URL, OTHER_TOKEN.replace(":", "%3A"), f"Bearer {KEY}"],
)
def test_no_secret_is_written(capsys: pytest.CaptureFixture[str], form: Form, secret: str) -> None:
    set_up_logging("INFO", form, [TOKEN, KEY, ""])
    logger.info("here: %s", secret)
    logger.info("there: %r", {"header": secret})
    logger.warning(secret)
    with log_context(job=secret.removeprefix("Bearer ")):
        logger.info("inside")
    try:
        fail(secret)
    except RuntimeError as error:
        logger.exception("it broke")
        logger.error("not handled", exc_info=error)
    text = lines(capsys)
    for word in (TOKEN, KEY, OTHER_TOKEN, "AAF_token", "AAE-token"):
        assert word not in text
    assert "***" in text
    assert "here: " in text
    assert "inner" in text, "the traceback is there"
    assert "Traceback" in text
    if form == "json":
        assert all(json.loads(line) for line in text.splitlines())


def test_a_secret_within_another_goes_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "text", ["abc", "abc-longer"])
    logger.info("abc-longer")
    assert lines(capsys).rstrip().endswith(": ***")


def test_a_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "text", [])
    logger.debug("not this")
    logger.info("task %s created", "t1")
    with log_context(job=7, item=12):
        logger.warning("slow")
    first, second = lines(capsys).splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO    tests\.logs: task t1 created", first
    )
    assert second.endswith("WARNING tests.logs: [job=7 item=12] slow")


def test_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "json", [])
    with log_context(job=7), log_context(item=12):
        logger.error("рыжая\nлиса %d", 3)
    (line,) = lines(capsys).splitlines()
    fields = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields.pop("time"))
    assert fields == {
        "level": "ERROR",
        "logger": "tests.logs",
        "message": "рыжая\nлиса 3",
        "job": "7",
        "item": "12",
    }
    assert "рыжая" in line, "readable as it is"


def test_the_context_ends_where_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "text", [])
    with log_context(job=7):
        with log_context(item=12):
            logger.info("both")
        logger.info("one")
    logger.info("none")
    both, one, none = lines(capsys).splitlines()
    assert "[job=7 item=12] both" in both
    assert "[job=7] one" in one
    assert "[" not in none


async def test_the_context_goes_into_tasks_made_inside(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("INFO", "text", [])
    both_there = asyncio.Barrier(2)

    async def work(name: str) -> None:
        await both_there.wait()
        logger.info(name)

    with log_context(job=1):
        first = asyncio.create_task(work("first"))
    with log_context(job=2):
        second = asyncio.create_task(work("second"))
    logger.info("outside")
    await asyncio.gather(first, second)
    text = lines(capsys)
    assert "[job=1] first" in text
    assert "[job=2] second" in text
    assert ": outside" in text


@pytest.mark.parametrize("name", ["httpx", "httpcore", "hpack", "aiosqlite", "aiogram.event"])
def test_those_who_write_addresses_are_quiet(capsys: pytest.CaptureFixture[str], name: str) -> None:
    set_up_logging("DEBUG", "text", [])
    logging.getLogger(name).info("GET https://signed.example.com/?token=x")
    assert lines(capsys) == ""
