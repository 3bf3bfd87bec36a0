"""No query walks through a table that grows: SQLite's plan of every statement in storage/.

Statements are found in the sources, wherever they stand and however they are put together, so that
a new one is looked at without anybody thinking of it.
"""

import ast
import importlib
import itertools
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database

STORAGE = Path(__file__).parents[3] / "storage"
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\s")
# What no other text than SQL has: a piece with one of these must be part of a whole statement.
SQL_WORDS = re.compile(r"\b(SELECT|FROM|WHERE|JOIN|VALUES|ORDER BY|GROUP BY|LIMIT)\b")
# What stands in braces and is known only when the program runs; any column has the same plan.
IN_BRACES = {"field": "price"}
NEW_OR_OLD = re.compile(r"\b(?:NEW|OLD)\.(\w+)")

# Steps that go through a table from one end, the statements they may stand in ("" is any), and why.
ALLOWED = (
    ("SCAN models", "", "the catalogue: a dozen"),
    ("SCAN kie_models", "", "the models of KIE that were ever on sale: dozens"),
    ("SCAN kie_differences", "", "what the admins were told of them, as far as it still holds"),
    ("SCAN promo_codes", "", "what the admins made by hand"),
    ("SCAN admin_menus", "", "a row for each admin"),
    ("SCAN sqlite_master", "", "the tables, not what is in them"),
    ("SCAN sqlite_schema", "", "the same"),
    ("SCAN jobs USING INDEX jobs_open", "", "holds what is not closed"),
    ("SCAN items USING INDEX items_unfinished", "", "holds what has not ended"),
    ("SCAN items USING INDEX items_active", "", "holds what has not ended"),
    (
        "SEARCH questions USING COVERING INDEX questions_by_age (",
        "DELETE",
        "those that are too old",
    ),
    ("SEARCH album_items USING INDEX album_items_by_age (", "DELETE", "the same"),
    ("SEARCH broadcasts USING INDEX broadcasts_unsent (", "DELETE", "the same"),
    ("SCAN users USING INDEX users_banned", "", "holds who is banned, and is read after a ban"),
    ("SCAN broadcasts USING INDEX broadcasts_open", "", "holds what runs"),
    ("SEARCH items USING INDEX items_to_store (", "", "holds what is to be moved"),
    ("SEARCH items USING INDEX items_given_up (", "", "holds what could not be moved"),
    ("SCAN items USING INDEX items_given_up", "", "holds what could not be moved"),
    ("SEARCH items USING COVERING INDEX items_to_store (", "", "holds what is to be moved"),
    ("SCAN files_to_remove USING INDEX files_to_remove_next", "", "holds what is to go"),
    ("SCAN album_items", "", "holds albums that are still coming in"),
    ("SCAN users", "SELECT user_id, balance, total FROM", "the doctor looks at everything"),
    ("SCAN (subquery-1)", "SELECT user_id, balance, total FROM", "the doctor, see above"),
    ("SCAN items", "SELECT items.item_id, cost, count", "the doctor looks at everything"),
    ("SCAN items", "SELECT items.item_id, status, cost", "the doctor looks at everything"),
    ("SCAN items", "SELECT item_id, items.user_id, cost", "the doctor looks at everything"),
    ("SCAN items", "SELECT status, count(*) FROM items", "a restore tells what it brought"),
    ("SCAN users USING INDEX users_reachable", "SELECT count(*)", "everybody, once a broadcast"),
    ("SCAN users USING INDEX users_reachable", "INSERT INTO broadcast_rec", "everybody, as above"),
    ("SCAN broadcasts", "SELECT * FROM broadcasts WHERE status IN", "the latest first, stops at 1"),
    (
        "SCAN journal",
        "SELECT * FROM journal ORDER BY entry_id DESC LIMIT",
        "pages, the latest first",
    ),
    ("SCAN packs", "", "a handful"),
    ("SCAN promo_codes", "SELECT * FROM promo_codes ORDER BY rowid DESC", "stops at LIMIT"),
    ("SCAN payment_refunds USING INDEX payment_refunds_next", "", "holds what is to be sent"),
    ("SCAN payment_refunds", "SELECT refund_id, payment_id", "the beginning of those below it"),
    ("SCAN payments USING INDEX payments_kept", "", "holds what the admins have to decide"),
    ("SCAN payments", "SELECT payment_id, bot_id", "the beginning of those below it"),
    ("SCAN refund_requests USING INDEX refund_requests_untold", "", "holds what is to be told"),
    ("SCAN transfers USING INDEX transfers_open", "", "holds what the admins have to decide"),
    ("SCAN transfers USING INDEX transfers_awaiting", "", "holds whose receipt is awaited"),
    ("SEARCH old USING INDEX payment_orders_unpaid (", "DELETE", "those that are too old"),
    ("SEARCH referral_rewards USING INDEX referral_rewards_due (", "", "what is due"),
    ("SCAN CONSTANT ROW", "", "no table at all"),
    ("SCAN payments", "SELECT payments.payment_id, problem", "the doctor looks at everything"),
    ("SCAN payments", "SELECT payments.payment_id, refunded_at", "the doctor, see above"),
    ("SCAN payment_refunds", "SELECT * FROM (SELECT refund_id", "the doctor, see above"),
    ("SCAN ledger", "SELECT entry_id, kind, amount FROM ledger WHERE (kind", "the doctor"),
    ("SCAN referral_rewards", "SELECT * FROM (SELECT payment_id", "the doctor"),
    ("SCAN promo_codes USING INDEX", "SELECT promo_codes.code, used", "the doctor"),
    (
        "SEARCH ledger USING INTEGER PRIMARY KEY (",
        "SELECT kind, sum(max(amount",
        "what was entered since the last look",
    ),
    ("SCAN owner", "", "one row"),
    ("SCAN sqlite_sequence", "", "three rows"),
    ("SCAN ledger", "UPDATE ledger SET grant_key", "all that was kept, at the first start"),
    ("SCAN journal", "UPDATE journal SET act_key", "the same"),
    ("SCAN broadcasts", "UPDATE broadcasts SET asked_key", "the same"),
    ("SCAN items", "UPDATE items SET sent_file_id = NULL, sent_as", "main.py adopt: everything"),
    ("SEARCH users USING INTEGER PRIMARY KEY (", "UPDATE users SET blocked_at", "the same"),
    ("SCAN broadcasts USING INDEX broadcasts_unsent", "", "holds what was asked and not sent"),
    ("SCAN items", "SELECT item_id, items.job_id", "the beginning of the two below it"),
    ("SCAN items", "SELECT jobs.model, items.finished_at", "the latest first, stops at LIMIT"),
    (
        "SEARCH items USING INTEGER PRIMARY KEY (",
        "SELECT jobs.model, avg(items.credits)",
        "the last 1,000",
    ),
    ("SCAN last", "SELECT last.job_id, prompt", "the jobs of one person that were just found"),
    ("SEARCH usernames USING PRIMARY KEY (", "SELECT username, user_id", "stops at LIMIT"),
    ("SEARCH users USING INTEGER PRIMARY KEY (", "SELECT user_id FROM users", "stops at LIMIT"),
    ("SEARCH users USING INTEGER PRIMARY KEY (", "SELECT count(*)", "people are counted by /stats"),
    ("SEARCH users USING COVERING INDEX users_by_age (", "", "who is new in the days asked for"),
    ("SEARCH daily_", "", "the days asked for"),
    ("SCAN by_time", "WITH by_time", "the seconds that pictures took: a few hundred"),
    ("SCAN up_to", "WITH by_time", "the same"),
    ("SCAN (subquery-", "WITH by_time", "the same"),
    ("SEARCH (subquery-1)", "SELECT max(price) AS price", "the 20 that were just found"),
    (
        "SEARCH handled_updates USING INTEGER PRIMARY KEY (",
        "DELETE",
        "those beyond the last 10,000",
    ),
)


@dataclass(frozen=True)
class Statement:
    """Where it stands, and its text."""

    place: str
    sql: str


def statements() -> list[Statement]:
    """All of storage/, and those of the triggers."""
    return [each for path in sorted(STORAGE.glob("*.py")) for each in statements_of(path)]


def statements_of(path: Path) -> Iterator[Statement]:
    """Every SQL statement in a module."""
    names = vars(importlib.import_module(f"storage.{path.stem}"))
    for line, made in texts(ast.parse(path.read_text(encoding="utf-8"))):
        place = f"{path.name}:{line}"
        source = ast.unparse(made)
        try:
            text = eval(source, dict(names), dict(IN_BRACES))  # noqa: S307 - our own source
        except (NameError, AttributeError) as error:  # put together of names of a function
            if SQL_WORDS.search(source):
                raise AssertionError(
                    f"{place}: what is {error.name}? Say so in IN_BRACES"
                ) from error
            continue
        if STATEMENT.match(text):
            yield Statement(place, text)
        elif SQL_WORDS.search(text):
            raise AssertionError(f"{place}: a piece of SQL that cannot be read by itself: {text}")


def texts(node: ast.AST) -> Iterator[tuple[int, ast.expr]]:
    """The outermost expressions that make a text, with their lines; no documentation."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.expr) and makes_text(node):
        yield node.lineno, node
        return
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def makes_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return makes_text(node.left) or makes_text(node.right)
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def statements_of_triggers(connection: sqlite3.Connection) -> Iterator[Statement]:
    """What triggers do, with parameters in the place of the row that set them off."""
    for name, sql in connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall():
        body = re.sub(r"--.*", "", sql).partition("BEGIN")[2].rpartition("END")[0]
        for part in filter(str.strip, body.split(";")):
            if "RAISE(" not in part:
                yield Statement(f"trigger {name}", NEW_OR_OLD.sub(r":\1", part))


class Nothing(dict[str, None]):
    """NULL for any name."""

    def __missing__(self, name: str) -> None:
        return None


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    """The steps of a statement's plan, in SQLite's words."""
    values: Mapping[str, Any] | list[None]
    for count in itertools.count():
        values = Nothing() if re.search(r"[\s(,]:\w", sql) else [None] * count
        try:
            rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        except sqlite3.ProgrammingError as error:
            if "number of bindings" not in str(error):
                raise
            continue
        return [row[3] for row in rows]
    raise AssertionError("unreachable")


def walks(steps: list[str]) -> list[str]:
    """Those that go through a table from one end: scans, and searches with nothing that is equal.

    The least or the largest of an index is one row: SQLite says so by leaving out the brackets.
    """
    return [
        step
        for step in steps
        if step.startswith("SCAN")
        or (step.startswith("SEARCH") and "(" in step and not re.search(r"[(\s]\w+=\?", step))
    ]


def excuses(walk: str, sql: str) -> set[int]:
    """Which of ALLOWED let it pass."""
    return {
        number
        for number, (step, beginning, _) in enumerate(ALLOWED)
        if walk.startswith(step) and sql.lstrip().startswith(beginning)
    }


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[sqlite3.Connection]:
    """A new database, as sqlite3 has it."""
    async with Database.open(tmp_path / "bot.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "bot.db")) as connection:
        yield connection


async def test_no_statement_walks_through_a_table_that_grows(
    connection: sqlite3.Connection,
) -> None:
    found = [*statements(), *statements_of_triggers(connection)]
    wrong = []
    used: set[int] = set()
    for statement in found:
        for walk in walks(plan(connection, statement.sql)):
            excused = excuses(walk, statement.sql)
            used |= excused
            if not excused:
                wrong.append(f"{statement.place}: {walk}: {statement.sql}")
    assert wrong == []
    assert [ALLOWED[number] for number in set(range(len(ALLOWED))) - used] == []  # nothing stale
    assert len(found) > 150


async def test_every_reference_can_be_followed_back(connection: sqlite3.Connection) -> None:
    """When a row goes or gets another number, SQLite looks for all that refer to it."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    unchanging = {
        "models",
        "broadcasts",
        "ledger_kinds",
        "packs",
    }  # nothing removes one, and their keys stay
    wrong = [
        (table, column)
        for (table,) in tables
        for _, _, parent, column, *_ in connection.execute(f"PRAGMA foreign_key_list ({table})")
        if parent not in unchanging
        and walks(plan(connection, f"SELECT 1 FROM {table} WHERE {column} = ?"))  # noqa: S608 - a name
    ]
    assert wrong == []


async def test_a_walk_is_seen(connection: sqlite3.Connection) -> None:
    for sql in (
        "SELECT * FROM items WHERE cost = ?",
        "SELECT count(*) FROM ledger",
        "SELECT * FROM items WHERE file_key > ?",
        "UPDATE users SET balance = 0 WHERE created_at + 1 < :now",
        "DELETE FROM jobs WHERE prompt = ? AND ? IS NULL",
    ):
        (walk,) = walks(plan(connection, sql))
        assert not excuses(walk, sql)
    assert walks(plan(connection, "SELECT * FROM items WHERE item_id = ?")) == []
    assert walks(plan(connection, "SELECT max(item_id) FROM items")) == []


def test_statements_are_found_however_they_are_written() -> None:
    source = '''
"""SELECT in a docstring."""
ONE = "SELECT 1" + " FROM users"
async def two(tx, field):
    "UPDATE in another."
    await tx.execute(f"UPDATE models SET {field} = ?"
                     " WHERE slug = ?", (1, "SELECT"))
    return await tx.execute(TABLE + " WHERE 1")
'''
    assert [ast.unparse(made) for _, made in texts(ast.parse(source))] == [
        "'SELECT 1' + ' FROM users'",
        "f'UPDATE models SET {field} = ? WHERE slug = ?'",
        "'SELECT'",
        "TABLE + ' WHERE 1'",
    ]
