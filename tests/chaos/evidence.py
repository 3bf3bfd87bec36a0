"""The evidence of a round: the database's rows, the emulators' records, the bot's log."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from bot.demo.kie import Call as KieCall
from bot.demo.kie import KieSimulator, Task
from bot.demo.telegram import TelegramEmulator
from bot.demo.telegram.state import Call
from tests.chaos.people import Crowd, Prompt
from tests.chaos.process import End, Life

Row = dict[str, Any]
K = TypeVar("K")
V = TypeVar("V")
# Storing what a call came to takes milliseconds; a killed process is behind by so much at most.
# Seconds before an end within which what was done may not be stored: the database may be held, and
# a stop on a busy machine takes some seconds.
BEHIND = {End.KILLED: 3.0, End.STOPPED: 9.0}
SERVER_EXCEPTION = 500  # a code of KIE's that leaves open what became of a create


def read_rows(data_dir: Path, sql: str, *params: Any) -> list[Row]:
    """What is committed; nothing before the bot has made its database and its tables."""
    if not (data_dir / "bot.db").exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{data_dir / 'bot.db'}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, params)]
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return []


@dataclass
class Evidence:
    """All that a verdict needs. `drawn`: which task a picture is of."""

    data_dir: Path
    telegram: TelegramEmulator
    kie: KieSimulator
    crowd: Crowd
    lives: Sequence[Life]
    log: Path
    drawn: dict[bytes, str]

    def rows(self, sql: str, *params: Any) -> list[Row]:
        return read_rows(self.data_dir, sql, *params)

    @cached_property
    def jobs(self) -> dict[tuple[int, int], Row]:
        """By chat and message."""
        return {(row["chat_id"], row["message_id"]): row for row in self.rows("SELECT * FROM jobs")}

    @cached_property
    def items(self) -> dict[int, list[Row]]:
        """By job, in order."""
        items: dict[int, list[Row]] = defaultdict(list)
        for row in self.rows("SELECT * FROM items ORDER BY job_id, position"):
            items[row["job_id"]].append(row)
        return items

    @cached_property
    def tasks(self) -> dict[str, list[Task]]:
        """What KIE made, by prompt."""
        return _group((str(task.input.get("prompt")), task) for task in self.kie.tasks)

    @cached_property
    def creates(self) -> dict[str, list[KieCall]]:
        """What KIE was asked to make, by prompt."""
        return _group(
            (str(call.body["input"].get("prompt")), call)
            for call in self.kie.calls
            if call.name == "createTask" and isinstance(call.body, dict)
        )

    @cached_property
    def task_of(self) -> dict[str, Task]:
        """What KIE made, by its id."""
        return {task.task_id: task for task in self.kie.tasks}

    def is_clash(self, create: KieCall) -> bool:
        """Whether a create was answered with the task of another one."""
        if create.task_id is None:
            return False
        # A task keeps the very input that it was made of.
        return self.task_of[create.task_id].input is not create.body["input"]

    def is_lost(self, create: KieCall) -> bool:
        """Whether nobody can know from the answer, or from what was stored of it, what became of a
        create."""
        return create.code is None or create.code == SERVER_EXCEPTION or self.is_torn(create.at)

    @cached_property
    def sendings(self) -> dict[str, list[Call]]:
        """The sendings of pictures, by task."""
        sendings = []
        for call in self.telegram.calls:
            name = {"sendPhoto": "photo", "sendDocument": "document"}.get(call.method)
            if name:
                sendings.append((self.drawn[call.params[name].data], call))
        return _group(sendings)

    @cached_property
    def pictures(self) -> dict[str, list[Call]]:
        """Those that put a picture into a chat, by task."""
        return _group(
            (task_id, call)
            for task_id, calls in self.sendings.items()
            for call in calls
            if call.had_effect
        )

    @cached_property
    def texts(self) -> dict[tuple[int, int | None], list[Call]]:
        """The sendings that put a text into a chat, by chat and by what they reply to."""
        return _group(
            ((call.params["chat_id"], replied_to(call)), call)
            for call in self.telegram.calls_of("sendMessage")
            if call.had_effect
        )

    def is_torn(self, at: float) -> bool:
        """Whether the process ended so soon after this that it may not know of it."""
        return any(
            life.started_at <= at <= life.ended_at < at + BEHIND[life.end]
            for life in self.lives
            if life.end in BEHIND
        )

    def _life_at(self, at: float) -> Life:
        return next(life for life in self.lives[::-1] if life.started_at <= at)

    def is_forgotten(self, call: Call, later: Call | None) -> bool:
        """Whether the process that made the later call need not know of the first; None: none."""
        if later is not None and self._life_at(call.at) is self._life_at(later.at):
            return False
        return self.is_torn(call.at)

    def handed(self, prompt: Prompt) -> list[tuple[float, Life]]:
        """When the prompt's update was given to the bot, and in which of its lives."""
        return [
            # A question is noted with the time when it came; it may have waited for this prompt.
            (max(at, prompt.sent_at), self._life_at(at))
            for at, key in handed_to_bot(self.telegram)
            if key == prompt.key
        ]


def updates_handed(telegram: TelegramEmulator) -> Iterator[tuple[float, Row]]:
    """The updates that the bot was given in answer to its questions, and when it asked; or that
    were brought to it, and when."""
    for call in telegram.calls_of("getUpdates"):
        for update in call.result or []:
            yield call.at, update
    for delivery in telegram.updates.webhook.deliveries:
        if delivery.came:
            yield delivery.at, delivery.update


def handed_to_bot(telegram: TelegramEmulator) -> Iterator[tuple[float, tuple[int, int]]]:
    """The messages (chat and id) among them."""
    for at, update in updates_handed(telegram):
        if message := update.get("message"):
            yield at, (message["chat"]["id"], message["message_id"])


def went_wrong(call: KieCall) -> bool:
    """Whether KIE did not answer as it should have."""
    return call.status != 200 or call.code not in {None, 200}


def replied_to(call: Call) -> int | None:
    """The message that a sending replies to."""
    parameters = call.params.get("reply_parameters") or {}
    message_id: int | None = parameters.get("message_id")
    return message_id


def _group(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    grouped: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        grouped[key].append(value)
    return grouped
