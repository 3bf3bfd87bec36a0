"""The errors of a provider, sorted by what the caller may do next.

ProviderError
  NotTakenError            nothing was created; asking again is safe
  RefusedError             refused for good; asking again cannot help
    CreditError            the account has no credit: tell the admins
    AccessError            the key is wrong, blocked or used up: tell the admins
    InputMismatchError     the provider's schema has no such input: tell the admins
  OutcomeUnknownError      the answer was lost: a task may or may not have been made
  GenerationFailedError    it was accepted and then failed
  NoResultError            it succeeded, and there is nothing to fetch
  RecordGoneError          the task can no longer be asked about
  DeadlineError            we stopped waiting; it may still finish, and be billed
  DownloadError            the result could not be fetched; trying again may help
    ResultRefusedError     the result must not be used: wrong address, too large

The rule that matters: a create is sent again freely after `NotTakenError`, at most once after
`OutcomeUnknownError`, and never after anything else.
"""


class ProviderError(Exception):
    """Base. `detail` is the provider's own wording, fit to be shown; `code` its number."""

    def __init__(self, message: str, *, detail: str = "", code: int | None = None) -> None:
        super().__init__(message)
        self.detail = detail
        self.code = code


class NotTakenError(ProviderError):
    """Nothing was created. `retry_after_s`: when the provider wants to be asked again, if told."""

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        code: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, detail=detail, code=code)
        self.retry_after_s = retry_after_s


class RefusedError(ProviderError):
    """Refused for good; nothing was created."""


class CreditError(RefusedError):
    """The account has too little credit."""


class AccessError(RefusedError):
    """The key is wrong, not allowed, or over its cap."""


class InputMismatchError(RefusedError):
    """The input is not what the provider's schema says; it was not sent, for a wrong field would
    be ignored and its default billed."""


class OutcomeUnknownError(ProviderError):
    """No answer, or none that can be understood."""


class GenerationFailedError(ProviderError):
    """The task ended without a picture."""


class NoResultError(ProviderError):
    """The task succeeded and names nothing to fetch."""


class RecordGoneError(ProviderError):
    """The provider does not know the task (any more)."""


class DeadlineError(ProviderError):
    """No result within the time we give a task."""


class DownloadError(ProviderError):
    """The result could not be fetched this time."""


class ResultRefusedError(DownloadError):
    """What the provider offers as a result is nothing we may or can use."""
