"""KIE's callbacks: of which task one tells, and whether KIE signed it.

Source: docs.kie.ai, common-api/webhook-verification and the pages of models, read in 2026. No real
one is on record.
"""

import hmac
import json
from base64 import b64encode

from providers.kie import is_task_id

# The path of the id, which differs from page to page.
PLACES = (("data", "taskId"), ("data", "task_id"), ("taskId",), ("task_id",))


def task_of(body: bytes) -> str | None:
    """The id of the task that a callback tells of; None: it is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # brackets by the thousand
        return None
    for place in PLACES:
        found = told
        for name in place:
            found = found.get(name) if isinstance(found, dict) else None
        if is_task_id(found):
            return found
    return None


def is_signed(task_id: str, timestamp: str, signature: str, key: str) -> bool:
    """Whether a callback has KIE's signature, which is of the task and of a time, not of the body.

    KIE states no limit for the age of a signature, and our clock may be wrong.
    """
    message = f"{task_id}.{timestamp}".encode(errors="surrogateescape")
    digest = b64encode(hmac.digest(key.encode(), message, "sha256"))
    return hmac.compare_digest(digest, signature.encode(errors="surrogateescape"))
