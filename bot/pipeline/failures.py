"""Why an image ended without a picture: from an error to what is stored and told."""

from dataclasses import dataclass
from enum import StrEnum

from bot.media.kinds import NotAPictureError
from bot.telegram.errors import DeliveryError
from providers.errors import (
    AccessError,
    CreditError,
    DeadlineError,
    DownloadError,
    GenerationFailedError,
    NoResultError,
    NotTakenError,
    OutcomeUnknownError,
    ProviderError,
    RecordGoneError,
    RefusedError,
    ResultRefusedError,
)


class FailureKind(StrEnum):
    """What is stored in `images.failure`; the sentence for each is made in bot/texts.py."""

    CREATE_REFUSED = "create_refused"
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


class InputError(Exception):
    """The picture to start from cannot be used; `kind` says why."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Failure:
    """`detail` is the provider's own wording, with its code where there is one; may be empty."""

    kind: FailureKind
    detail: str = ""


# Most specific first.
_KINDS: tuple[tuple[type[Exception], FailureKind], ...] = (
    (CreditError, FailureKind.NO_CREDIT),
    (AccessError, FailureKind.NO_ACCESS),
    (RefusedError, FailureKind.CREATE_REFUSED),
    (NotTakenError, FailureKind.NOT_TAKEN),
    (OutcomeUnknownError, FailureKind.NO_ANSWER),
    (GenerationFailedError, FailureKind.GENERATION_FAILED),
    (NoResultError, FailureKind.NO_RESULT),
    (RecordGoneError, FailureKind.RECORD_GONE),
    (DeadlineError, FailureKind.TIMED_OUT),
    (ResultRefusedError, FailureKind.RESULT_REFUSED),
    (NotAPictureError, FailureKind.RESULT_REFUSED),
    (DownloadError, FailureKind.NOT_FETCHED),
    (DeliveryError, FailureKind.NOT_DELIVERED),
)
MAX_DETAIL = 500  # characters; a provider's message may be a page


def failure_of(error: Exception) -> Failure:
    """The failure that an error stands for; what we do not know is our own fault."""
    if isinstance(error, InputError):
        return Failure(error.kind)
    kind = next((kind for cls, kind in _KINDS if isinstance(error, cls)), FailureKind.INTERNAL)
    detail = ""
    if isinstance(error, ProviderError):
        code = "" if error.code is None else str(error.code)
        detail = ": ".join(part for part in (code, error.detail.strip()) if part)
    return Failure(kind, detail[:MAX_DETAIL])
