"""The reasons why an item failed, as stored in `items.failure`."""

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """The sentence for each is made in bot/texts/jobs.py."""

    CREATE_REFUSED = "create_refused"
    INPUT_MISMATCH = "input_mismatch"
    NO_CREDIT = "no_credit"
    NO_ACCESS = "no_access"
    NOT_TAKEN = "not_taken"
    NO_ANSWER = "no_answer"
    GENERATION_FAILED = "generation_failed"
    NO_RESULT = "no_result"
    RECORD_GONE = "record_gone"
    TIMED_OUT = "timed_out"
    NOT_FETCHED = "not_fetched"
    RESULT_REFUSED = "result_refused"
    NOT_DELIVERED = "not_delivered"
    INPUT_GONE = "input_gone"
    INPUT_TOO_LARGE = "input_too_large"
    INPUT_NOT_A_PICTURE = "input_not_a_picture"
    INPUT_ANIMATED = "input_animated"
    INPUT_BROKEN = "input_broken"
    INPUT_NOT_UPLOADED = "input_not_uploaded"
    GIVEN_UP = "given_up"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Failure:
    """`detail` is the provider's own wording, with its code where there is one; may be empty."""

    kind: FailureKind
    detail: str = ""
