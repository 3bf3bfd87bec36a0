"""Whatever happens in whatever order: the tokens add up, and the states are what they should be."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from storage.audit import broken_invariants
from storage.errors import (
    InsufficientTokensError,
    ModelUnavailableError,
    StaleItemError,
    TooManyActiveItemsError,
    UnknownUserError,
)
from storage.items import Item, ItemStatus
from storage.jobs import Jobs
from tests.unit.storage.cancelling import cancelled_after
from tests.unit.storage.shop import PRICE, Shop, open_shop

USERS = (1, 2)
MAX_ACTIVE = 6
WELCOME = 1000
T = TypeVar("T")
Step = Callable[[Jobs, Item, int], Coroutine[Any, Any, Item]]

# What the worker may do with an item that it sees in a state.
STEPS: dict[ItemStatus, dict[str, Step]] = {
    ItemStatus.QUEUED: {"submit": lambda jobs, item, _: jobs.begin_submit(item)},
    ItemStatus.SUBMITTING: {
        "created": lambda jobs, item, n: jobs.task_created(item, f"task-{n}"),
        "not taken": lambda jobs, item, _: jobs.not_taken(
            item, replace(item, status=ItemStatus.QUEUED, attempts=0)
        ),
    },
    ItemStatus.GENERATING: {"ready": lambda jobs, item, _: jobs.result_ready(item, "https://u")},
    ItemStatus.READY: {
        "not fetched": lambda jobs, item, _: jobs.fetch_failed(item),
        "moved": lambda jobs, item, n: jobs.result_moved(item, f"https://{n}"),
        "kept": lambda jobs, item, n: jobs.file_kept(item, f"key-{n}", to_store=False),
        "sent": lambda jobs, item, n: jobs.delivered(item, n),
    },
}
AFTER = {
    "submit": ItemStatus.SUBMITTING,
    "again": ItemStatus.SUBMITTING,
    "created": ItemStatus.GENERATING,
    "not taken": ItemStatus.QUEUED,
    "ready": ItemStatus.READY,
    "not fetched": ItemStatus.READY,
    "moved": ItemStatus.READY,
    "kept": ItemStatus.READY,
    "sent": ItemStatus.DELIVERED,
    "fail": ItemStatus.FAILED,
}


# What a step has to have seen for the item to move: status, attempts, task id, file key.
Seen = tuple[ItemStatus, int, str | None, str | None]


def seen(item: Item) -> Seen:
    return item.status, item.attempts, item.task_id, item.file_key


class StorageMachine(RuleBasedStateMachine):
    """The storage layer beside a model of it in plain dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.balances: dict[int, int] = {}
        self.granted: set[str] = set()
        self.placed: set[tuple[int, int]] = set()
        self.items: dict[int, Seen] = {}
        self.seen: list[Item] = []  # every item as it ever was: most of these are stale
        self.price = PRICE
        self.enabled = True
        self.count = 0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def open(self) -> None:
        path = Path(self.folder.name) / "bot.db"
        self.shop: Shop = self.do(self.stack.enter_async_context(open_shop(path)))

    @initialize()
    def first_comer(self) -> None:
        self.open()
        self.welcome(USERS[0])
        self.place(USERS[0], 1, 2)

    def teardown(self) -> None:
        self.do(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    @rule()
    def reopen(self) -> None:
        self.do(self.stack.aclose())
        self.open()

    @rule(user=st.sampled_from(USERS))
    def welcome(self, user: int) -> None:
        granted = self.do(self.shop.ledger.welcome(user, WELCOME, language="ru"))
        assert granted.new == (f"welcome:{user}" not in self.granted)
        if granted.new:
            self.granted.add(f"welcome:{user}")
            self.balances[user] = self.balances.get(user, 0) + WELCOME
        assert granted.balance == self.balances[user]

    @rule(
        user=st.sampled_from(USERS),
        amount=st.sampled_from([-400, -79, 79, 300]),
        number=st.integers(1, 12),
    )
    def grant(self, user: int, amount: int, number: int) -> None:
        key = f"9:{number}"
        work = self.shop.ledger.grant(user, amount, grant_key=key, granted_by=9)
        if user not in self.balances:
            with suppress(UnknownUserError):
                self.do(work)
                raise AssertionError("granted to nobody")
            return
        if key not in self.granted and self.balances[user] + amount < 0:
            with suppress(InsufficientTokensError):
                self.do(work)
                raise AssertionError("taken below zero")
            return
        granted = self.do(work)
        assert granted.new == (key not in self.granted)
        if granted.new:
            self.granted.add(key)
            self.balances[user] += amount
        assert granted.balance == self.balances[user]

    @rule(
        price=st.sampled_from([1, PRICE, 200]), enabled=st.sampled_from([True, True, True, False])
    )
    def change_model(self, price: int, enabled: bool) -> None:
        self.do(self.shop.run("UPDATE models SET price = ?, enabled = ?", price, int(enabled)))
        self.price, self.enabled = price, enabled

    @rule(user=st.sampled_from(USERS), message=st.integers(1, 8), quantity=st.integers(1, 3))
    def place(self, user: int, message: int, quantity: int) -> None:
        expected = self._refusal(user, message, quantity)
        try:
            placed = self.do(self._place(user, message, quantity))
        except (
            ModelUnavailableError,
            TooManyActiveItemsError,
            InsufficientTokensError,
        ) as error:
            assert type(error) is expected  # noqa: PT017 - which error it is depends on the model
            return
        assert expected is None
        assert (placed is None) == ((user, message) in self.placed)
        if placed is not None:
            self._book(user, message, placed.items)
            assert placed.balance == self.balances[user]

    @rule(user=st.sampled_from(USERS), message=st.integers(1, 8), turns=st.integers(0, 40))
    def place_and_cancel(self, user: int, message: int, turns: int) -> None:
        expected = self._refusal(user, message, 2)
        task = self.do(cancelled_after(turns, self._place(user, message, 2)))
        if not task.cancelled():
            task.exception()  # whatever it is, the rows below tell what it came to
        self.do(self.shop.run("SELECT 1"))  # a writer after it, so that it has come to its end
        rows = self.do(
            self.shop.rows(
                "SELECT item_id FROM items JOIN jobs USING (job_id) WHERE jobs.chat_id = ?"
                " AND jobs.message_id = ? ORDER BY position",
                user,
                message,
            )
        )
        if rows and (user, message) not in self.placed:
            assert (len(rows), expected) == (2, None)
            items = [self.do(self.shop.jobs.item(row["item_id"])) for row in rows]
            self._book(user, message, items)

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        """One step, by somebody who may have seen the item long ago."""
        item = data.draw(st.sampled_from(self.seen), label="item")
        if item.status.ended:
            return
        steps = {**STEPS[item.status], "fail": _fail}
        if item.status is ItemStatus.SUBMITTING and item.attempts < 2:
            steps["again"] = lambda jobs, item, _: jobs.begin_submit(item)
        name = data.draw(st.sampled_from(sorted(steps)), label="step")
        if self.items[item.item_id] == seen(item):
            self._move(item, name, steps[name])
            return
        with suppress(StaleItemError):
            self.do(steps[name](self.shop.jobs, item, self._next()))
            raise AssertionError(f"moved a stale item: {name}")

    @precondition(lambda self: any(not status.ended for status, *_ in self.items.values()))
    @rule(data=st.data(), count=st.integers(1, 5))
    def walk(self, data: st.DataObject, count: int) -> None:
        """Several steps without trouble."""
        newest = {item.item_id: item for item in self.seen}
        under_way = [item for item in newest.values() if not item.status.ended]
        item = data.draw(st.sampled_from(under_way), label="item")
        for _ in range(count):
            if not item.status.ended:
                name, step = [*STEPS[item.status].items()][0 if item.file_key is None else -1]
                item = self._move(item, name, step)

    def _move(self, item: Item, name: str, step: Step) -> Item:
        moved = self.do(step(self.shop.jobs, item, self._next()))
        assert moved.status is AFTER[name]
        self.items[item.item_id] = seen(moved)
        self.seen.append(moved)
        if name == "fail":
            self.balances[item.user_id] += item.cost
        return moved

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _place(self, user: int, message: int, quantity: int) -> Coroutine[Any, Any, Any]:
        return self.shop.place(
            user_id=user,
            chat_id=user,
            message_id=message,
            quantity=quantity,
            max_active_items=MAX_ACTIVE,
        )

    def _refusal(self, user: int, message: int, quantity: int) -> type[Exception] | None:
        if (user, message) in self.placed:
            return None
        if not self.enabled:
            return ModelUnavailableError
        owners = {item.item_id: item.user_id for item in self.seen}
        active = sum(
            owners[item_id] == user and not status.ended
            for item_id, (status, *_) in self.items.items()
        )
        if active + quantity > MAX_ACTIVE:
            return TooManyActiveItemsError
        if self.balances.get(user, 0) < quantity * self.price:
            return InsufficientTokensError
        return None

    def _book(self, user: int, message: int, items: Any) -> None:
        self.placed.add((user, message))
        for item in items:
            assert item.cost == self.price
            self.balances[user] -= item.cost
            self.items[item.item_id] = seen(item)
            self.seen.append(item)

    @invariant()
    def nothing_is_broken(self) -> None:
        assert self.do(broken_invariants(self.shop.database)) == []

    @invariant()
    def the_model_agrees(self) -> None:
        people = self.do(self.shop.rows("SELECT user_id, balance FROM users"))
        assert {each["user_id"]: each["balance"] for each in people} == self.balances
        items = self.do(
            self.shop.rows("SELECT item_id, status, attempts, task_id, file_key FROM items")
        )
        assert {
            each["item_id"]: (each["status"], each["attempts"], each["task_id"], each["file_key"])
            for each in items
        } == self.items


async def _fail(jobs: Jobs, item: Item, _: int) -> Item:
    return await jobs.fail(item, "no_answer", "")


TestStorage = StorageMachine.TestCase
TestStorage.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow],
)
