"""Texts of invitations: the link, and what each side gets and when."""

from html import escape

from babel.numbers import format_percent

from bot.texts.base import BaseTexts
from storage.ledger import DAY_S
from storage.referrals import Invited, ReferralTerms, Reward


class InvitationTexts(BaseTexts):
    """/invite, and what both are told."""

    def invite(self, link: str, terms: ReferralTerms, invited: Invited) -> str:
        """A person's link, what it brings, and what it brought."""
        come = self._("People who came by your link: {n}.").format(n=invited.people)
        tokens = self._("Tokens for them: {paid} received, {pending} still to come.").format(
            paid=invited.paid, pending=invited.pending
        )
        return "\n\n".join(
            (
                self._("Your link for friends:") + f"\n{escape(link, quote=False)}",
                self._(
                    "When somebody who has never been here comes by it and buys tokens, you get"
                    " tokens too: {share} of what they bought, {when}, unless the purchase is"
                    " refunded. They get all that they pay for; joining alone brings nothing. At"
                    " most {tokens} in 30 days."
                ).format(
                    share=self._share(terms),
                    when=self._when(terms),
                    tokens=self.tokens(terms.month_cap),
                ),
                f"{come} {tokens}",
            )
        )

    def invite_off(self) -> str:
        """There is nothing to be had."""
        return self._("Nothing is given for invitations here. Tokens are sold: /buy")

    def copy_link_button(self) -> str:
        """Under the link."""
        return self._("Copy the link")

    def was_invited(self, terms: ReferralTerms) -> str:
        """To who came by a link."""
        return self._(
            "You came by somebody's invitation. When you buy tokens, that person gets {share} of"
            " what you bought from us, {when}. You get all that you pay for."
        ).format(share=self._share(terms), when=self._when(terms))

    def somebody_came(self, terms: ReferralTerms) -> str:
        """To whose link it was."""
        return self._(
            "Somebody new came by your link. When they buy tokens, you get {share} of what they"
            " bought, {when}. More: /invite"
        ).format(share=self._share(terms), when=self._when(terms))

    def reward_promised(self, reward: Reward, due_at: float) -> str:
        """The invited bought."""
        return self._(
            "Somebody who came by your link bought tokens. You get {tokens} on {day}, unless the"
            " purchase is refunded. /invite"
        ).format(tokens=self.tokens(reward.tokens), day=self.day(due_at))

    def reward_paid(self, reward: Reward) -> str:
        """It came."""
        text = self._("You received {tokens} for purchases by people who came by your link.")
        left = self._("Balance now: {balance}.").format(balance=reward.balance)
        return f"{text.format(tokens=self.tokens(reward.tokens))} {left}"

    def _share(self, terms: ReferralTerms) -> str:
        return str(format_percent(terms.percent / 100, locale=self.language))

    def _when(self, terms: ReferralTerms) -> str:
        days = round(terms.hold_s / DAY_S)
        if not days:
            return self._("within an hour of each purchase")
        return self._n("{n} day after each purchase", "{n} days after each purchase", days).format(
            n=days
        )
