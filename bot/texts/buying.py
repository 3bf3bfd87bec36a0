"""Texts of buying: packs, invoices, receipts."""

from collections.abc import Sequence

from bot.telegram.html import code, quoted
from bot.texts.base import BaseTexts
from bot.texts.choosing import NAME_SHOWN
from bot.texts.legal import bold
from storage.catalogue import Model
from storage.errors import InsufficientTokensError
from storage.packs import Pack
from storage.payment_orders import XTR, PaymentOrder, Refusal
from storage.payments import Payment, Problem
from storage.questions import Question

WORDS_SHOWN = 80  # of a request that waits


class BuyingTexts(BaseTexts):
    """/buy and what follows from it."""

    def buy_button(self) -> str:
        """Wherever somebody has too few tokens."""
        return self._("Buy tokens")

    def too_few_in_group(self, error: InsufficientTokensError) -> str:
        """In place of an order, without what is left."""
        return self._("Not enough tokens: this costs {tokens}. Nothing was charged.").format(
            tokens=self.tokens(error.needed)
        )

    def buy_in_private(self) -> str:
        """/buy in a group."""
        return self._("Tokens are bought in a private chat with me.")

    def packs(self, packs: Sequence[Pack], balance: int, model: Model | None, price: int) -> str:
        """What is sold, and how many results of the person's model, at that price, each pack is."""
        parts = [bold(self._("Token packs"))]
        parts[0] += "\n" + self._("You have {tokens}.").format(tokens=self.tokens(balance))
        if not packs:
            parts.append(self._("No packs are on sale right now. Questions: /paysupport"))
            return "\n\n".join(parts)
        parts.append("\n".join(self._pack(pack, model, price) for pack in packs))
        if model is not None:
            parts.append(
                self._("Counted with {model}: {price}.").format(
                    model=quoted(model.name, NAME_SHOWN), price=self._each(model, price)
                )
            )
        parts.append(self._("Not enough Stars? Top up on the phone first, then come back and pay."))
        return "\n\n".join(parts)

    def _each(self, model: Model, price: int) -> str:
        each = self._("{tokens} a video") if model.product.is_film else self._("{tokens} a picture")
        return each.format(tokens=self.tokens(price))

    def _pack(self, pack: Pack, model: Model | None, price: int) -> str:
        said = self._("{stars} ★ — {tokens}").format(
            stars=pack.stars, tokens=self.tokens(pack.total)
        )
        if model is not None and (count := pack.total // price):
            said += ": " + self.results(model.product.media, count)
        if pack.bonus:
            said += "; " + self._("{tokens} are a gift").format(tokens=self.tokens(pack.bonus))
        return said

    def pack_button(self, pack: Pack) -> str:
        """Has an invoice made."""
        return self._("{stars} ★ · {tokens}").format(
            stars=pack.stars, tokens=self.tokens(pack.total)
        )

    def pack_gone(self) -> str:
        """Plain text, in answer to a press."""
        return self._(
            "This pack is not on sale any more. Nothing was paid. Send /buy to see those that are."
        )

    def invoice(self, order: PaymentOrder, model: Model | None, price: int) -> str:
        """Plain text, below the number of tokens."""
        said = self._("Tokens are credited at once.")
        if model is not None and (count := order.tokens // price):
            enough = self._("Enough for {pictures} with {model}.").format(
                pictures=self.results(model.product.media, count), model=model.name[:NAME_SHOWN]
            )
            said = f"{enough} {said}"
        return said

    def invoice_failed(self) -> str:
        """Telegram did not take it."""
        return self._(
            "The invoice could not be sent. Nothing was paid; send /buy again in a minute."
        )

    def not_payable(self, refusal: Refusal) -> str:
        """Plain text, in Telegram's own window, before anything is paid."""
        match refusal:
            case Refusal.OTHER_PERSON:
                return self._("This invoice is for somebody else. Send /buy to get your own.")
            case Refusal.TOO_OLD:
                return self._("This invoice is older than an hour. Send /buy to get a new one.")
            case Refusal.PACK_OFF:
                return self._("This pack is not on sale any more. Send /buy to see those that are.")
            case Refusal.UNKNOWN | Refusal.OTHER_AMOUNT:
                return self._("This invoice is not valid any more. Send /buy to get a new one.")

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

    def receipt(self, payment: Payment, balance: int, waiting: Question | None) -> str:
        """Tokens were bought; `waiting` is the request that they were bought for."""
        paid = self._("Payment confirmed.")
        if payment.currency == XTR:
            paid = self._("Paid: {stars} ★.").format(stars=payment.amount)
        lines = [
            f"{paid} "
            + self._("You received {tokens}. Balance now: {balance}.").format(
                tokens=self.tokens(payment.tokens), balance=balance
            ),
            self._("Payment {charge}. Questions and refunds: /paysupport").format(
                charge=code(payment.short_id)
            ),
        ]
        if waiting is not None:
            words = quoted(" ".join(waiting.order.prompt.split()), WORDS_SHOWN)
            said = self._("Your request is waiting: “{words}”.") if words else ""
            lines += ["", said.format(words=words) or self._("Your request is waiting.")]
        return "\n".join(lines)

    def waiting_button(self, waiting: Question) -> str:
        """Under the receipt: draws what waits, for so many tokens."""
        return self._("Start it · {cost}").format(cost=waiting.cost)

    def waiting_taken(self) -> str:
        """In answer to a press of that, in short."""
        return self._("Started.")

    def payment_kept(self, payment: Payment) -> str:
        """To who paid, where nothing could be credited."""
        return self._(
            "Your payment of {stars} ★ has arrived, but it fits no invoice of yours, so no tokens"
            " were credited. The team has been told and will give the Stars back or credit the"
            " tokens. Payment {charge}. Questions: /paysupport"
        ).format(stars=payment.amount, charge=code(payment.short_id))

    def payment_late(self) -> str:
        """A payment could not be booked when it came; it is found again."""
        return self._(
            "Your payment has arrived, but something went wrong on our side, and the tokens are not"
            " credited yet. They will be within the hour; if not: /paysupport"
        )

    def kept_alert(self, payment: Payment) -> str:
        """What the admins read of a payment that credited nothing."""
        why = {
            Problem.NO_ORDER: self._("there is no such invoice"),
            Problem.OTHER_PERSON: self._("the invoice is somebody else's"),
            Problem.OTHER_AMOUNT: self._("the invoice is about another sum"),
        }[payment.problem or Problem.NO_ORDER]
        return self._(
            "{user} paid {stars} ★, and nothing was credited: {why}.\nTo give the Stars back:"
            " {refund}\nTo give tokens instead: {grant}"
        ).format(
            user=code(str(payment.user_id)),
            stars=payment.amount,
            why=why,
            refund=code(f"/refund {payment.external_id}"),
            grant=code(f"/grant {payment.user_id} 100"),
        )
