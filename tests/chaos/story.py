"""The printed report of a failed round."""

import re
from collections.abc import Iterator, Sequence

from tests.chaos.evidence import Evidence
from tests.chaos.verdict import Complaint

LOG_LINES = 80
TABLES = (
    "users",
    "jobs",
    "items",
    "ledger",
    "payment_orders",
    "payments",
    "album_items",
    "held_pictures",
)


def tell_story(evidence: Evidence, complaints: Sequence[Complaint]) -> str:
    """Complaints, the round's diary, and of each person concerned the chat, rows and log lines."""
    return "\n".join(_parts(evidence, complaints))


def _parts(evidence: Evidence, complaints: Sequence[Complaint]) -> Iterator[str]:
    yield from (f"COMPLAINT {complaint.what}" for complaint in complaints)
    yield "\n--- diary"
    yield from evidence.crowd.diary
    log = evidence.log.read_text(errors="replace").splitlines()
    for user_id in sorted({each.user_id for each in complaints if each.user_id is not None}):
        asked = [each for each in evidence.crowd.prompts if each.user_id == user_id]
        for chat_id in sorted({user_id, *(each.chat.chat_id for each in asked)}, reverse=True):
            yield f"\n{evidence.telegram.transcript(chat_id)}"
            yield from _calls(evidence, chat_id)
        for table in TABLES:
            for row in evidence.rows(f"SELECT * FROM {table} WHERE user_id = ?", user_id):  # noqa: S608 - our own names
                yield f"  {table}: { {name: value for name, value in row.items() if value} }"
        jobs = [str(job["job_id"]) for job in evidence.jobs.values() if job["user_id"] == user_id]
        if jobs:
            own = re.compile(rf"\bjob[= ]({'|'.join(jobs)})\b")
            yield from (f"  log: {line}" for line in log if own.search(line))
    yield f"\n--- the end of the log, of {len(log)} lines"
    yield from log[-LOG_LINES:]


def _calls(evidence: Evidence, chat_id: int) -> Iterator[str]:
    """What the bot asked of Telegram in that chat."""
    for call in evidence.telegram.calls:
        if call.params.get("chat_id") == chat_id:
            result = call.result
            message = result.get("message_id") if isinstance(result, dict) else result
            yield f"  {call.at:.2f} {call.method} -> {message} {call.error or ''}"
