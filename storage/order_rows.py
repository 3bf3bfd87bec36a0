"""Orders and origins as rows of the tables `jobs` and `questions`, which share these columns."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from providers.order import Order, Origin

COLUMNS = (
    "user_id, chat_id, message_id, language, reply_to_message_id, again_of,"
    " model, prompt, params, options, input_file_id, more_inputs"
)
VALUES = (
    ":user_id, :chat_id, :message_id, :language, :reply_to_message_id, :again_of,"
    " :model, :prompt, :params, :options, :input_file_id, :more_inputs"
)


def row_of(order: Order, origin: Origin) -> dict[str, Any]:
    """A value for each of COLUMNS."""
    return {
        "user_id": origin.user_id,
        "chat_id": origin.chat_id,
        "message_id": origin.message_id,
        "language": origin.language,
        "reply_to_message_id": origin.reply_to_message_id,
        "again_of": origin.again_of,
        "model": order.model,
        "prompt": order.prompt,
        "params": json.dumps(dict(order.params), ensure_ascii=False),
        "options": json.dumps(dict(order.options), ensure_ascii=False),
        **inputs_row(order.inputs),
    }


def inputs_row(inputs: Sequence[str]) -> dict[str, Any]:
    """A value for each of the two columns that hold them: most orders have one, or none."""
    first = inputs[0] if inputs else None
    return {"input_file_id": first, "more_inputs": json.dumps(inputs[1:])}


def inputs_in(row: sqlite3.Row, first: str) -> tuple[str, ...]:
    """The pictures in a row that has those columns; `first` is the name of one of them."""
    return (row[first], *json.loads(row["more_inputs"])) if row[first] is not None else ()


def order_in(row: sqlite3.Row, quantity: int, named: frozenset[str] = frozenset()) -> Order:
    """The order in a row that has COLUMNS, and maybe more."""
    return Order(
        model=row["model"],
        prompt=row["prompt"],
        quantity=quantity,
        params=json.loads(row["params"]),
        options=json.loads(row["options"]),
        inputs=inputs_in(row, "input_file_id"),
        named=named,
    )


def origin_in(row: sqlite3.Row) -> Origin:
    """The origin in a row that has COLUMNS, and maybe more."""
    return Origin(
        user_id=row["user_id"],
        chat_id=row["chat_id"],
        message_id=row["message_id"],
        language=row["language"],
        reply_to_message_id=row["reply_to_message_id"],
        again_of=row["again_of"],
    )
