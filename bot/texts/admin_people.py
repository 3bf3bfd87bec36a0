"""Texts for the admins about people, their tokens and bans."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.telegram.html import code, quoted
from bot.texts.admin import AdminTexts
from bot.texts.closed import REASON_CHARS, ClosedTexts
from bot.texts.ledger_kinds import LedgerKindTexts
from storage.journal import Entry
from storage.payment_orders import XTR
from storage.payments import Payment
from storage.people import JobLine, LedgerLine, Person, Record

NOTE_CHARS = 200
NAME_SHOWN = 64
NOTE_SHOWN = 40
PROMPT_SHOWN = 40
LISTED = 10


class AdminPeopleTexts(AdminTexts, ClosedTexts, LedgerKindTexts):
    """/grant, /user, /ban, /unban."""

    def person(self, person: Person) -> str:
        """`Анна @anna 1001`."""
        parts = [quoted(person.first_name, NAME_SHOWN)] if person.first_name else []
        if person.username:
            parts.append(f"@{quoted(person.username, NAME_SHOWN)}")
        return " ".join([*parts, code(str(person.user_id))])

    def no_such_person(self, word: str, nearest: Sequence[Person]) -> str:
        """Nobody by that id or name."""
        text = self._(
            "{user} has never talked to the bot and has to press /start first. Nothing was changed."
        ).format(user=code(word, NAME_SHOWN))
        return text + self._listed(self._("Closest:"), nearest)

    def several_people(self, word: str, people: Sequence[Person]) -> str:
        """A @name that went from one person to another."""
        text = self._(
            "Several people have used the name {name}. Give the id instead. Nothing was changed."
        ).format(name=code(word, NAME_SHOWN))
        return text + self._listed(self._("They are:"), people)

    def _listed(self, head: str, people: Sequence[Person]) -> str:
        if not people:
            return ""
        return "\n".join(["", head, *(self.person(each) for each in people[:LISTED])])

    def grant_usage(self) -> str:
        """How to use /grant."""
        note = self._("for your patience")
        return self.usage(
            "/grant USER TOKENS [note]", "/grant 1001 500", f"/grant @anna -79 {note}"
        )

    def granted(self, person: Person, amount: int, balance: int) -> str:
        """What the admin reads."""
        if amount < 0:
            text = self._("{user}: {tokens} taken. Balance now: {balance}.")
        else:
            text = self._("{user}: {tokens} given. Balance now: {balance}.")
        return text.format(
            user=self.person(person), tokens=self.tokens(abs(amount)), balance=balance
        )

    def grant_too_much(self, balance: int) -> str:
        """More would be taken than there is."""
        return self._("They have only {tokens}. Nothing was changed.").format(
            tokens=self.tokens(balance)
        )

    def given(self, amount: int, balance: int, *, new: bool) -> str:
        """The answer to a press."""
        if not new:
            return self._("These tokens were already given. Nothing was changed.")
        return self._("Given: {tokens}. Balance now: {balance}.").format(
            tokens=self.tokens(amount), balance=balance
        )

    def user_usage(self) -> str:
        """How to use /user."""
        return self.usage("/user USER", "/user 1001", "/user @anna")

    def user_card(self, record: Record) -> str:
        """A person as they are now."""
        person = record.person
        lines = [
            self.person(person),
            self._("Balance: {tokens}").format(tokens=self.tokens(person.balance)),
            self._("Language: {language}, joined {time}").format(
                language=person.language, time=_time(person.created_at)
            ),
        ]
        if person.banned_at is not None:
            lines.append(self._("Banned: {time}").format(time=_time(person.banned_at)))
            if person.ban_reason:
                lines[-1] += f" · {quoted(person.ban_reason, REASON_CHARS)}"
        if person.blocked_at is not None:
            lines.append(self._("Blocked the bot: {time}").format(time=_time(person.blocked_at)))
        lines += ["", self._("Latest ledger entries:"), *map(self._entry, record.entries)]
        if not record.entries:
            lines.append(self._("none"))
        if record.payments:
            lines += ["", self._("Latest purchases:"), *map(self._purchase, record.payments)]
        lines += ["", self._("Latest jobs:"), *map(self._job, record.jobs)]
        if not record.jobs:
            lines.append(self._("none"))
        return "\n".join(lines)

    def _entry(self, entry: LedgerLine) -> str:
        kinds = {
            "welcome": self._("welcome"),
            "grant": self._("from an admin") if entry.amount > 0 else self._("taken by an admin"),
            "charge": self._("a request"),
            "refund": self._("refund"),
        }
        kind = kinds.get(entry.kind) or self.ledger_kind(entry.kind)
        line = f"{_time(entry.created_at)} · {entry.amount:+d} · {kind}"
        return f"{line} · {quoted(entry.note, NOTE_SHOWN)}" if entry.note else line

    def _purchase(self, payment: Payment) -> str:
        paid = f"{payment.amount} ★" if payment.currency == XTR else self._("transfer")
        parts = [_time(payment.paid_at), paid, self.tokens(payment.tokens)]
        if payment.problem is not None:
            parts[-1] = self._("kept, no tokens credited")
        if payment.refund == "pending":
            parts.append(self._("refund on its way"))
        elif payment.refunded_at is not None:
            parts.append(self._("refunded"))
        parts.append(code(payment.short_id))  # for /refund
        return " · ".join(parts)

    def _job(self, job: JobLine) -> str:
        count = self._("{done} of {n}").format(done=job.delivered, n=job.items)
        if job.failed:
            count += ", " + self._("refunded: {n}").format(n=job.failed)
        prompt = quoted(" ".join(job.asked_for.split()), PROMPT_SHOWN)
        return f"{_time(job.created_at)} · {count} · {prompt}"

    def ban_usage(self) -> str:
        """How to use /ban."""
        reason = self._("spam")
        return self.usage("/ban USER [reason]", "/ban 1001", f"/ban @anna {reason}")

    def unban_usage(self) -> str:
        """How to use /unban."""
        return self.usage("/unban USER", "/unban 1001", "/unban @anna")

    def ban_button(self) -> str:
        """On the card."""
        return self._("Ban")

    def unban_button(self) -> str:
        """On the card."""
        return self._("Unban")

    def cannot_ban_admin(self) -> str:
        """An admin would be locked out."""
        return self._("Admins cannot be banned. Nothing was changed.")

    def user_banned(self, person: Person, reason: str) -> str:
        """What the admin reads; the reason is not for the admins alone."""
        return self._("{user} is banned. Whatever they send, they are told:\n{sentence}").format(
            user=self.person(person), sentence=self.banned(reason)
        )

    def user_unbanned(self, person: Person, entry: Entry) -> str:
        """What the admin reads."""
        if entry.before == entry.after:
            text = self._("{user} was not banned. Nothing was changed.")
        else:
            text = self._("{user} can use the bot again.")
        return text.format(user=self.person(person))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
