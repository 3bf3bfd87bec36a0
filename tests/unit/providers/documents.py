"""Documents of models as KIE gives them, and what is read of them."""

from typing import Any

from providers.schema import TASKS, Schema, input_schema
from tests.fixtures import recorded

FOLDER = "kie/schemas"


def schema(name: str) -> Schema:
    found = input_schema(recorded(FOLDER, name)["body"]["data"]["openapi"])
    assert found is not None
    return found


def document(body: dict[str, Any], **schemas: Any) -> dict[str, Any]:
    """A task's document in which `input` is as it is given."""
    whole = {"type": "object", "properties": {"input": body}}
    content = {"application/json": {"schema": whole}}
    return {
        "paths": {TASKS: {"post": {"requestBody": {"content": content}}}},
        "components": {"schemas": schemas},
    }


def read(body: dict[str, Any], **schemas: Any) -> Schema:
    found = input_schema(document({"type": "object", **body}, **schemas))
    assert found is not None
    return found
