"""Telling the admins what only they can mend, once for each trouble and not for every image."""

import logging
from collections.abc import Callable, Iterable

from bot.failures import FailureKind, failure_of
from providers.errors import AccessError, CreditError, ProviderError

logger = logging.getLogger(__name__)


class Alerts:
    """Says once that a trouble began; after `cleared`, the next one is news again."""

    def __init__(
        self, admin_ids: Iterable[int], tell: Callable[[int, FailureKind, str, str], None]
    ) -> None:
        """`tell` sends an admin the alert: admin id, kind, the provider's words, the product."""
        self._admin_ids = tuple(admin_ids)
        self._tell = tell
        self._told: set[tuple[str, FailureKind]] = set()

    def provider_trouble(self, product: str, error: ProviderError) -> None:
        """Tell the admins if this is about the account; say nothing of all other errors."""
        if not isinstance(error, CreditError | AccessError):
            return
        failure = failure_of(error)
        if (product, failure.kind) in self._told:
            return
        self._told.add((product, failure.kind))
        logger.error("%s needs an admin: %s", product, error)
        for admin_id in self._admin_ids:
            self._tell(admin_id, failure.kind, failure.detail, product)

    def cleared(self, product: str) -> None:
        """The account works (again)."""
        self._told = {told for told in self._told if told[0] != product}
