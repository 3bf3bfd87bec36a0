"""The mapping from errors to the failure that is stored; its sentences: bot/texts/failures.py."""

from bot.media.kinds import InputError, NotAResultError
from bot.telegram.errors import DeliveryError
from providers.errors import (
    AccessError,
    CreditError,
    DeadlineError,
    DownloadError,
    GenerationFailedError,
    InputMismatchError,
    NoResultError,
    NotTakenError,
    OutcomeUnknownError,
    ProviderError,
    RecordGoneError,
    RefusedError,
    ResultRefusedError,
)
from storage.failures import Failure, FailureKind

# Most specific first.
_KINDS: tuple[tuple[type[Exception], FailureKind], ...] = (
    (CreditError, FailureKind.NO_CREDIT),
    (AccessError, FailureKind.NO_ACCESS),
    (InputMismatchError, FailureKind.INPUT_MISMATCH),
    (RefusedError, FailureKind.CREATE_REFUSED),
    (NotTakenError, FailureKind.NOT_TAKEN),
    (OutcomeUnknownError, FailureKind.NO_ANSWER),
    (GenerationFailedError, FailureKind.GENERATION_FAILED),
    (NoResultError, FailureKind.NO_RESULT),
    (RecordGoneError, FailureKind.RECORD_GONE),
    (DeadlineError, FailureKind.TIMED_OUT),
    (ResultRefusedError, FailureKind.RESULT_REFUSED),
    (NotAResultError, FailureKind.RESULT_REFUSED),
    (DownloadError, FailureKind.NOT_FETCHED),
    (DeliveryError, FailureKind.NOT_DELIVERED),
)
MAX_DETAIL = 500  # characters; a provider's message may be a page


def failure_of(error: Exception) -> Failure:
    """The failure for an error; an unknown error counts as our own fault."""
    if isinstance(error, InputError):
        return Failure(error.kind)
    kind = next((kind for cls, kind in _KINDS if isinstance(error, cls)), FailureKind.INTERNAL)
    detail = ""
    if isinstance(error, ProviderError):
        code = "" if error.code is None else str(error.code)
        detail = ": ".join(part for part in (code, error.detail.strip()) if part)
    return Failure(kind, detail[:MAX_DETAIL])
