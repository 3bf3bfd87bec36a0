"""Texts of refunds: /refund, purchases and requests of people, what Telegram's list brought."""

from collections.abc import Collection, Sequence

from bot.telegram.html import code, quoted
from bot.texts.admin_people import AdminPeopleTexts
from storage.payment_orders import XTR
from storage.payment_refunds import Refunded
from storage.payments import Payment
from storage.people import Person
from storage.referrals import Reward

ANSWER_CHARS = 2000
ERROR_SHOWN = 200
LISTED = 10


class RefundTexts(AdminPeopleTexts):
    """Around money that goes back."""

    def sum_of(self, payment: Payment) -> str:
        """`50 ★`; what was paid past Telegram is told in tokens."""
        if payment.currency == XTR:
            return f"{payment.amount} ★"
        return self.tokens(payment.tokens)

    def purchase(self, payment: Payment) -> str:
        """`24 Nov: 50 ★, 395 tokens, payment 4f3a…`."""
        parts = [self.sum_of(payment)] if payment.currency == XTR else []
        if payment.tokens:
            parts.append(self.tokens(payment.tokens))
        else:
            parts.append(self._("not credited"))
        parts.append(self._("payment {charge}").format(charge=code(payment.short_id)))
        return f"{self.day(payment.paid_at)}: {', '.join(parts)}"

    def purchases(self, payments: Sequence[Payment], asked: Collection[int]) -> str:
        """A person's own, with what became of each."""
        lines = []
        for each in payments:
            line = f"• {self.purchase(each)}"
            if each.refund == "done":
                line += ". " + self._("The money has gone back.")
            elif each.refund == "pending":
                line += ". " + self._("The money is on its way back.")
            elif each.payment_id in asked:
                line += ". " + self._("The team has your request.")
            lines.append(line)
        note = self._(
            "A request goes to the team; the answer comes here. Nobody on the team ever asks for"
            " codes or passwords."
        )
        return "\n".join([self._("<b>Your latest purchases</b>"), *lines, "", note])

    def purchases_without_admins(self, payments: Sequence[Payment]) -> str:
        """The same where nobody would get a request."""
        lines = [f"• {self.purchase(each)}" for each in payments]
        note = self._(
            "This bot has no administrator set up, so a request for a refund would reach nobody."
            " Write to whoever runs the bot."
        )
        return "\n".join([self._("<b>Your latest purchases</b>"), *lines, "", note])

    def ask_money_back_button(self, payment: Payment) -> str:
        """A person's, under their purchases."""
        return self._("Ask for a refund: {sum}, {day}").format(
            sum=self.sum_of(payment), day=self.day(payment.paid_at)
        )

    def money_back_asked(self, *, new: bool) -> str:
        """In answer to that press; plain text."""
        if new:
            return self._("Your request has gone to the team. The answer will come here.")
        return self._("The team has this request already, or the money is on its way back.")

    def no_admins(self) -> str:
        """In answer to an old button; plain text."""
        return self._("This bot has no administrator set up: the request would reach nobody.")

    def refund_request(
        self, payment: Payment, person: Person | None, latest: Sequence[Payment]
    ) -> str:
        """What the admins get."""
        who = self.person(person) if person else code(str(payment.user_id))
        balance = person.balance if person else 0
        lines = [
            self._("<b>A refund is asked for</b>: {user}").format(user=who),
            self.purchase(payment),
            self._("Balance now: {tokens}.").format(tokens=self.tokens(balance)),
        ]
        if balance < payment.tokens:
            lines.append(self._spent(payment, balance))
        if others := [each for each in latest if each.payment_id != payment.payment_id]:
            lines += ["", self._("Other purchases:")]
            lines += [f"• {self.purchase(each)}{self._gone(each)}" for each in others]
        lines += ["", self._("To answer in words, reply to this message.")]
        return "\n".join(lines)

    def _gone(self, payment: Payment) -> str:
        return ". " + self._("The money has gone back.") if payment.refund == "done" else ""

    def _spent(self, payment: Payment, balance: int) -> str:
        return self._("Of the {tokens} only {left} are left; the rest is spent.").format(
            tokens=self.tokens(payment.tokens), left=balance
        )

    def refund_button(self, payment: Payment) -> str:
        """An admin's yes."""
        return self._("Refund {sum}").format(sum=self.sum_of(payment))

    def refund_of_day_button(self, payment: Payment) -> str:
        """On /user: leads to the question."""
        return self._("Refund {sum} of {day}").format(
            sum=self.sum_of(payment), day=self.day(payment.paid_at)
        )

    def no_refund_button(self) -> str:
        """An admin's no."""
        return self._("Do not refund")

    def refund_usage(self) -> str:
        """How to use /refund."""
        why = self._("the pictures did not fit")
        return self.usage("/refund PAYMENT [reason]", "/refund 4f3a9c21", f"/refund 4f3a9c21 {why}")

    def no_such_payment(self, word: str) -> str:
        """None with these characters."""
        return self._(
            "There is no payment {word}. It stands in the receipt, on /user and in the person's"
            " /paysupport. Nothing was changed."
        ).format(word=code(word, 64))

    def several_payments(self, word: str) -> str:
        """Too short."""
        return self._("Several payments have {word} in them: send more of it.").format(
            word=code(word, 64)
        )

    def refund_question(self, payment: Payment, who: str, balance: int) -> str:
        """Before the money goes back."""
        lines = [
            self._("Refund this? Paid by {user}").format(user=who),
            self.purchase(payment),
        ]
        if balance < payment.tokens:
            lines += [
                self._spent(payment, balance),
                self._("What is left will be taken; the rest is the team's loss."),
            ]
        elif payment.tokens:
            lines.append(
                self._("{tokens} will be taken back.").format(tokens=self.tokens(payment.tokens))
            )
        return "\n".join(lines)

    def refund_begun(self, refunded: Refunded) -> str:
        """What the admin reads at once."""
        state, payment = refunded.refund.state, refunded.payment
        if not refunded.new:
            return self.refund_before(done=state == "done")
        if state == "done":
            text = self._(
                "Tokens taken back: {tokens}. A transfer goes back by hand: send the money"
                " yourself."
            )
        else:
            text = self._(
                "{sum} are on their way back, tokens taken: {tokens}. You will be told when"
                " Telegram has done it."
            )
        return text.format(sum=self.sum_of(payment), tokens=refunded.refund.tokens_taken)

    def refund_before(self, *, done: bool) -> str:
        """Nothing is done twice; plain text."""
        if done:
            return self._("The money has gone back already. Nothing was changed.")
        return self._("The money is on its way back already. Nothing was changed.")

    def refund_of_other_bot(self) -> str:
        """The Stars are with another bot."""
        return self._(
            "These Stars were paid to another bot, and only that one can give them back. Nothing"
            " was changed."
        )

    def refund_of_nobody(self) -> str:
        """The payer has left."""
        return self._(
            "Whoever paid has had all their data deleted; Telegram would not know whom to give the"
            " Stars to. Nothing was changed."
        )

    def refund_dropped(self) -> str:
        """A no."""
        return self._("Not refunded. Nothing was changed.")

    def refund_done(self, refunded: Refunded) -> str:
        """To the admins: what one of them asked for is done."""
        text = self._("Refunded: {sum}. Paid by {user}. Tokens taken back: {tokens}.")
        return self._ended(text, refunded)

    def refunded_elsewhere(self, refunded: Refunded) -> str:
        """To the admins: it was not the bot that gave it back."""
        text = self._(
            "{sum} went back without the bot (a chargeback of Apple's or Google's, or a refund made"
            " elsewhere). Paid by {user}. Tokens taken back: {tokens}."
        )
        return self._ended(text, refunded)

    def _ended(self, text: str, refunded: Refunded) -> str:
        refund, payment = refunded.refund, refunded.payment
        said = text.format(
            user=self._payer(payment), sum=self.sum_of(payment), tokens=refund.tokens_taken
        )
        if refund.tokens_short:
            said += " " + self._("Spent before, and lost: {tokens}.").format(
                tokens=refund.tokens_short
            )
        return said

    def _payer(self, payment: Payment) -> str:
        if payment.user_id > 0:
            return code(str(payment.user_id))
        return self._("somebody who was deleted")

    def refund_failed(self, refunded: Refunded) -> str:
        """To the admins: Telegram does not do it."""
        return "⚠️ " + self._(
            "Telegram refused to refund {sum}: {error}. Paid by {user}, payment {charge}. The"
            " tokens are back on the balance; /refund tries again."
        ).format(
            sum=self.sum_of(refunded.payment),
            user=self._payer(refunded.payment),
            charge=code(refunded.payment.short_id),
            error=quoted(refunded.refund.error, ERROR_SHOWN),
        )

    def money_back(self, refunded: Refunded) -> str:
        """To who paid."""
        refund, payment = refunded.refund, refunded.payment
        if payment.currency == XTR:
            text = self._("Refunded: {sum} (purchase of {day}).")
        else:
            text = self._("Your purchase of {day} was taken back; the team sends the money itself.")
        said = text.format(sum=self.sum_of(payment), day=self.day(payment.paid_at))
        if refund.tokens_taken:
            said += " " + self._(
                "Taken from your balance: {tokens}. Balance now: {balance}."
            ).format(tokens=self.tokens(refund.tokens_taken), balance=refunded.balance)
        return said

    def reward_undone(self, reward: Reward) -> str:
        """To who invited the payer."""
        return self._(
            "A purchase of somebody you invited was refunded, so your reward of {tokens} for it is"
            " cancelled. Taken from your balance: {taken}. Balance now: {balance}."
        ).format(tokens=self.tokens(reward.tokens), taken=reward.taken, balance=reward.balance)

    def reconciled(self, paid: Sequence[Payment], refunded: Sequence[Refunded]) -> str:
        """To the admins: what Telegram's list had and the books had not."""
        lines = [
            self._(
                "Stars reconciled with Telegram's list. Payments that were missing here: {paid},"
                " refunds: {refunds}. All are booked now."
            ).format(paid=len(paid), refunds=len(refunded))
        ]
        lines += [f"+ {self._payer(each)} · {self.purchase(each)}" for each in paid[:LISTED]]
        for each in refunded[:LISTED]:
            line = f"− {self._payer(each.payment)} · {self.purchase(each.payment)}"
            if each.refund.tokens_short:
                line += " · " + self._("Spent before, and lost: {tokens}.").format(
                    tokens=each.refund.tokens_short
                )
            lines.append(line)
        if (more := len(paid[LISTED:]) + len(refunded[LISTED:])) > 0:
            lines.append(self._("and {n} more").format(n=more))
        return "\n".join(lines)

    def answer_of_team(self, payment: Payment, words: str) -> str:
        """An admin's words, to who asked."""
        head = self._("<b>The team's answer</b> about your purchase of {day} ({sum}):").format(
            day=self.day(payment.paid_at), sum=self.sum_of(payment)
        )
        more = self._("Another question: /paysupport")
        return f"{head}\n\n{quoted(words, ANSWER_CHARS)}\n\n{more}"

    def answer_sent(self) -> str:
        """To the admin."""
        return self._("Your answer has reached the person.")

    def answer_not_sent(self) -> str:
        """To the admin."""
        return self._(
            "Your answer could not be sent: the person has blocked the bot or cannot be reached."
        )

    def answer_in_words(self) -> str:
        """To an admin who sent something else."""
        return self._("Only words can be passed on: reply to the request with a text.")
