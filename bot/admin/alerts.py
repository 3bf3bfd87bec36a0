"""Alerts to the admins about what only they can fix, once for each problem, not for every item."""

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence

from bot.telegram.messenger import Messenger
from bot.texts import Texts
from providers.differences import Difference
from storage.failures import Failure, FailureKind
from storage.payments import Payment
from storage.prices import CREDIT_USD

ROUNDING = 0.05  # credits: what KIE says has a digit or two behind the point
AMOUNTS = 5  # of one row that are told

logger = logging.getLogger(__name__)


class Alerts:
    """Alerts once when a problem begins; after `cleared`, the next one alerts again."""

    def __init__(
        self, admin_ids: Iterable[int], messenger: Messenger, texts: Texts, *, token_usd: float = 0
    ) -> None:
        self._admin_ids = tuple(admin_ids)
        self._token_usd = token_usd  # 0: nobody knows
        self._messenger = messenger
        self._texts = texts
        self._told: set[Hashable] = set()
        self._taken: dict[str, set[float]] = {}

    def provider_trouble(self, product: str, failure: Failure) -> None:
        """Alert the admins if this is about the account; ignore all other failures."""
        if failure.kind in {FailureKind.NO_CREDIT, FailureKind.NO_ACCESS}:
            self._tell(
                (product, failure.kind),
                lambda: self._texts.alert(failure.kind, failure.detail, product),
            )
        elif failure.kind is FailureKind.INPUT_MISMATCH:  # other orders may fit all the while
            self._tell(
                f"mismatch {product} {failure.detail}",
                lambda: self._texts.mismatch_alert(failure.detail, product),
            )

    def upload_trouble(self, what: str) -> None:
        """Pictures that people send cannot be uploaded; `what` says what to check."""
        self._tell("upload", lambda: self._texts.upload_alert(what))

    def fault(self, item_id: int, error: Exception) -> None:
        """An item failed through a bug in the bot; once for each kind of error."""
        self._tell(f"fault {type(error).__name__}", lambda: self._texts.fault_alert(item_id))

    def credit_left(self, left: float, low: float) -> None:
        """What KIE's account has left; below `low` it is news, once until it is above again."""
        if left < low:
            self._tell("credit", lambda: self._texts.low_credit(left, low))
        else:
            self._told.discard("credit")

    def credits_taken(self, slug: str, told: float, taken: float, tokens: int) -> None:
        """What KIE took for a task of a row, what it is known to take (0: that is unknown), and
        what the task was sold for. A difference, or where nothing is known a loss, is news once for
        each amount, a few for a row, and again after a restart."""
        brings = tokens * self._token_usd
        is_loss = bool(brings) and taken * CREDIT_USD > brings
        if not (abs(taken - told) > ROUNDING if told else is_loss):
            return
        amounts = self._taken.setdefault(slug, set())
        if len(amounts) < AMOUNTS:
            amounts.add(taken)
            self._tell(
                f"taken {slug} {taken:g}",
                lambda: (
                    self._texts.credits_alert(slug, told, taken)
                    if told
                    else self._texts.loss_alert(slug, taken, brings)
                ),
            )

    def kie_differs(self, differences: Sequence[Difference]) -> None:
        """Tell the admins what KIE says otherwise than the bot; they are news."""
        self._send(self._texts.kie_differs(differences))

    def tell(self, text: Callable[[Texts], str]) -> None:
        """Tell the admins something that needs nobody: no alert."""
        for admin_id in self._admin_ids:
            self._messenger.say(admin_id, text(self._texts))

    def payment_kept(self, payment: Payment) -> None:
        """Somebody paid, and nothing could be credited for it: an admin decides. Each is news."""
        self._send(self._texts.kept_alert(payment))

    def cleared(self, product: str) -> None:
        """The product's account works (again)."""
        self._told = {key for key in self._told if not (isinstance(key, tuple) and product in key)}

    def upload_cleared(self) -> None:
        """Uploads work (again)."""
        self._told.discard("upload")

    def _tell(self, key: Hashable, text: Callable[[], str]) -> None:
        if key in self._told:
            return
        self._told.add(key)
        self._send(text())

    def _send(self, text: str) -> None:
        logger.error("an admin is needed: %s", text)
        for admin_id in self._admin_ids:
            self._messenger.say(admin_id, text)
