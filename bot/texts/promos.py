"""Texts of tokens that are not bought: promo codes and the free tokens of a day."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.telegram.html import code
from bot.texts.admin import AdminTexts
from storage.journal import Entry
from storage.ledger import Granted
from storage.promo_codes import WRONG_A_DAY, PromoCode, PromoOutcome, PromoUse

LEAST_CHARS, MOST_CHARS = 3, 32  # of a code
MAX_TOKENS = 1_000_000  # of a code
CODE_SHOWN = 40
LAST_INSTANT_S = 1.0  # a code ends with a day, at the midnight after it


class PromoTexts(AdminTexts):
    """/promo, /promos, /promooff, /promoon, /daily."""

    def promo_usage(self) -> str:
        """A person did not say which."""
        return self._("Send the code after the command, like this: {example}").format(
            example=code("/promo SUMMER")
        )

    def promo_answer(self, use: PromoUse) -> str:
        """What became of a code."""
        if use.outcome is PromoOutcome.WRONG:
            return self._(
                "This code does not work: there is no such code, or it was used up, or its time"
                " is over. Check the spelling. After {n} wrong codes in a day, no more are"
                " accepted until the next."
            ).format(n=WRONG_A_DAY)
        if use.outcome is PromoOutcome.TOO_MANY:
            return self._(
                "There were too many wrong codes today, so this one was not checked. Send it"
                " again tomorrow, after 00:00 UTC."
            )
        if use.outcome is PromoOutcome.GIVEN:
            said = self._("The code is accepted. You received {tokens}.")
        else:
            said = self._("You already have the tokens of this code: each person can use it once.")
        left = self._balance(use.balance, changed=use.outcome is PromoOutcome.GIVEN)
        return f"{said.format(tokens=self.tokens(use.tokens))} {left}"

    # --- The free tokens of a day

    def daily_off(self) -> str:
        """None are given."""
        return self._("There are no free daily tokens here. Tokens are sold: /buy")

    def daily_with_request(self, amount: int) -> str:
        """They came with a request."""
        return self._("Free tokens for today: {n}.").format(n=amount)

    def daily(self, given: Granted, below: int) -> str:
        """In answer to /daily."""
        left = self._balance(given.balance, changed=given.new)
        if given.new:
            said = f"{self.daily_with_request(given.amount)} {left}"
        elif given.balance >= below:
            said = self._("You have {tokens}, enough for a picture.").format(
                tokens=self.tokens(given.balance)
            )
            return f"{said} " + self._("Free tokens are for those who have fewer than {n}.").format(
                n=below
            )
        else:
            said = self._("You already have the free tokens for today.") + f" {left}"
        return f"{said} " + self._(
            "The next ones come tomorrow, from 00:00 UTC, if you have fewer than {n} then."
        ).format(n=below)

    def _balance(self, balance: int, *, changed: bool) -> str:
        left = self._("Balance now: {balance}.") if changed else self._("Balance: {balance}.")
        return left.format(balance=balance)

    # --- The admins'

    def promo_admin_usage(self) -> str:
        """How to make one."""
        usage = self.usage(
            "/promo CODE TOKENS [USES] [UNTIL]",
            "/promo SUMMER 100",
            "/promo SUMMER 100 50 2030-08-31",
        )
        rules = self._(
            "A code is {least} to {most} Latin letters, digits, - or _; upper and lower case are"
            " alike. It gives up to {tokens}, once to each person; the day it ends counts in full"
            " (UTC)."
        ).format(least=LEAST_CHARS, most=MOST_CHARS, tokens=self.tokens(MAX_TOKENS))
        return f"{usage} {rules}"

    def promo_day_over(self) -> str:
        """It would end before it begins."""
        return self._("This day is over already. Nothing was changed.")

    def promo_made(self, promo: PromoCode, link: str) -> str:
        """It is there, and how people use it."""
        how = self._("People use it with {command} or by this link:").format(
            command=code(f"/promo {promo.code}")
        )
        return f"{self.promo_line(promo)}\n{how}\n{link}"

    def promo_line(self, promo: PromoCode) -> str:
        """A code as it is now."""
        parts = [code(promo.code), self.tokens(promo.tokens)]
        if promo.max_uses is None:
            parts.append(self._("used: {n}").format(n=promo.used))
        else:
            parts.append(self._("used: {n} of {most}").format(n=promo.used, most=promo.max_uses))
        if promo.ends_at is not None:
            last_day = datetime.fromtimestamp(promo.ends_at - LAST_INSTANT_S, UTC)
            parts.append(self._("until {day}").format(day=f"{last_day:%Y-%m-%d}"))
        if not promo.enabled:
            parts.append(self._("off"))
        return " · ".join(parts)

    def promos_head(self, total: int) -> str:
        """Above the list."""
        if not total:
            return self._("There are no promo codes yet. To make one: {command}").format(
                command=code("/promo SUMMER 100 50")
            )
        return self._("Promo codes, the newest first: {n}").format(n=total)

    def promo_taken(self, promo: PromoCode) -> str:
        """There is one of that name."""
        said = self._("There already is a code of this name. Nothing was changed.")
        return f"{said}\n{self.promo_line(promo)}"

    def promo_switch_usage(self, command: str) -> str:
        """How to switch one off, or on again."""
        return self.usage(f"/{command} CODE", f"/{command} SUMMER")

    def promo_switched(self, entry: Entry) -> str:
        """On or off."""
        if entry.before == entry.after and entry.after == "1":
            said = self._("The code {code} is on already. Nothing was changed.")
        elif entry.before == entry.after:
            said = self._("The code {code} is off already. Nothing was changed.")
        elif entry.after == "1":
            said = self._("The code {code} works again.")
        else:
            said = self._(
                "The code {code} does not work any more. People keep what it gave them. To switch"
                " it on again: {command}"
            )
        return said.format(code=code(entry.subject), command=code(f"/promoon {entry.subject}"))

    def no_such_promo(self, given: str, nearest: Sequence[str]) -> str:
        """There is no code of that name."""
        said = self._("There is no code {code}. Nothing was changed.").format(
            code=code(given, CODE_SHOWN)
        )
        if nearest:
            names = ", ".join(map(code, nearest))
            said += " " + self._("Closest: {names}. All codes: {command}").format(
                names=names, command="/promos"
            )
        return said
