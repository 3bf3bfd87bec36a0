"""The door to a connection's thread, which leans on aiosqlite's insides."""

import sqlite3
import threading
from functools import partial

import aiosqlite
import pytest

from storage.connection import KNOWN, Connection

CONNECT = partial(sqlite3.connect, ":memory:")


def test_what_is_installed_is_what_is_known() -> None:
    assert aiosqlite.__version__ == KNOWN


async def test_work_runs_in_the_one_thread_of_the_connection() -> None:
    connection = Connection(CONNECT, 1)
    async with connection:
        await connection.execute("CREATE TABLE t (thread)")
        await connection.create_function("thread", 0, threading.get_ident)
        await connection.execute("INSERT INTO t VALUES (thread())")
        said = await connection.run(lambda inside: inside.execute("SELECT * FROM t").fetchall())
        assert said == [(await connection.run(lambda _: threading.get_ident()),)]
        assert said != [(threading.get_ident(),)]
        with pytest.raises(ZeroDivisionError):
            await connection.run(lambda _: 1 // 0)


async def test_an_unknown_aiosqlite_is_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(aiosqlite, "__version__", "99.0")
    async with Connection(CONNECT, 1):
        assert f"aiosqlite 99.0 is not the {KNOWN}" in caplog.text
