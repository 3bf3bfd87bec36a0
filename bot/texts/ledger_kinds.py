"""Texts of what changes a balance, beside pictures and grants."""

from html import escape

from bot.texts.base import BaseTexts


class LedgerKindTexts(BaseTexts):
    """A word or two for each kind of the ledger that has to do with money."""

    def ledger_kind(self, kind: str) -> str:
        """As it stands in a list of changes."""
        words = {
            "purchase": self._("purchase"),
            "payment_refund": self._("payment refunded"),
            "payment_refund_undo": self._("payment was not refunded"),
            "promo": self._("promo code"),
            "referral": self._("for an invited friend"),
            "referral_undo": self._("an invited friend's payment was refunded"),
            "daily": self._("daily gift"),
        }
        return words.get(kind) or escape(kind, quote=False)
