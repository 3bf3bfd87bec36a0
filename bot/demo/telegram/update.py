"""One update on its way to the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LIFETIME_S = 86_400
_QUERY_LIFETIME_S = 150
_QUERIES = ("callback_query", "pre_checkout_query")


@dataclass(frozen=True, slots=True)
class Update:
    """One update: `body` is what stands under `kind` in the object that goes to the bot."""

    update_id: int
    kind: str
    body: dict[str, Any]
    queued_at: float

    def wire(self) -> dict[str, Any]:
        return {"update_id": self.update_id, self.kind: self.body}

    @property
    def order(self) -> tuple[str, int]:
        """Those of which it is the same come one after the other to a webhook."""
        # As there, a query's is the person's; new messages and edits share one.
        place = self.body.get("chat") or self.body["from"]
        return self.kind.removeprefix("edited_"), place["id"]

    def is_over(self, now: float) -> bool:
        lifetime_s = _QUERY_LIFETIME_S if self.kind in _QUERIES else _LIFETIME_S
        return now >= self.queued_at + lifetime_s
