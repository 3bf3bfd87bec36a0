"""Texts of buying: packs, invoices, receipts."""

from bot.texts.base import BaseTexts
from storage.payment_orders import Refusal


class BuyingTexts(BaseTexts):
    """/buy and what follows from it."""

    def not_payable(self, refusal: Refusal) -> str:
        """Plain text, in Telegram's own window, before anything is paid."""
        match refusal:
            case Refusal.OTHER_PERSON:
                return self._("This invoice is for somebody else. /buy makes one for you.")
            case Refusal.TOO_OLD:
                return self._("This invoice is older than an hour. /buy makes a new one.")
            case Refusal.PACK_OFF:
                return self._("This pack is not on sale any more. /buy shows those that are.")
            case Refusal.UNKNOWN | Refusal.OTHER_AMOUNT:
                return self._("This invoice is not valid any more. /buy makes a new one.")

    def banned_from_paying(self) -> str:
        """Plain text."""
        return self._(
            "The team has banned you from this bot, so you cannot buy tokens. Nothing was paid."
            " Questions: /paysupport"
        )

    def checkout_failed(self) -> str:
        """Plain text."""
        return self._(
            "The order could not be checked in time. Nothing was paid; try again in a minute."
        )
