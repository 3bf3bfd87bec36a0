"""Texts of /audit and /kie."""

from datetime import UTC, datetime

from bot.service_limits import KIE_CREATES, KIE_CREATES_WINDOW_S, KIE_POLLS_PER_S
from bot.telegram.html import code, fitted, quoted
from bot.texts.numbers import NumberTexts
from providers.kie import AccountReport
from storage.backup import Inspection
from storage.journal import Entry

BROKEN_SHOWN = 5
BROKEN_CHARS = 400
TROUBLES_SHOWN = 5
TROUBLE_CHARS = 200
VALUE_CHARS = 40
CREATE, POLL = "/api/v1/jobs/createTask", "/api/v1/jobs/recordInfo"  # KIE's paths


class AuditTexts(NumberTexts):
    """Around /audit and /kie."""

    def audit(self, inspection: Inspection, time: float) -> str:
        """What the check found."""
        wrong = [*inspection.damage, *inspection.broken]
        if not wrong:
            return self._(
                "✅ Checked at {time}: the database file is intact and every rule holds."
            ).format(time=self.time(time))
        head = self._n("⚠️ {n} rule is broken.", "⚠️ {n} rules are broken.", len(wrong))
        more = ["…"] if len(wrong) > BROKEN_SHOWN else []
        advice = self._(
            "Before anything else, make a copy of the database: {command} on the server."
        ).format(command=code("python main.py backup FILE"))

        def report(length: int) -> str:
            lines = [f"• {quoted(line, length)}" for line in wrong[:BROKEN_SHOWN]]
            return "\n".join([head.format(n=len(wrong)), *lines, *more, advice])

        return fitted(report, BROKEN_CHARS)

    def audit_failed(self) -> str:
        """The check could not be made."""
        return self._("The database could not be checked; see the log. Try again later.")

    def journal_head(self, total: int) -> str:
        """Above the journal."""
        if not total:
            return self._("The journal is empty: no admin has changed anything yet.")
        return self._("<b>Journal</b>, latest first (UTC): {n}").format(n=self.number(total))

    def journal_line(self, entry: Entry) -> str:
        """Who, when, what, before, after."""
        change = " → ".join(
            quoted(each, VALUE_CHARS) or "—" for each in (entry.before, entry.after)
        )
        return (
            f"{self.time(entry.created_at)} · {entry.admin_id} · <b>{quoted(entry.action, 20)}</b>"
            f" {quoted(entry.subject, VALUE_CHARS)}: {change}"
        )

    def kie(self, report: AccountReport) -> str:
        """The account: what is left, what was asked of it, what went wrong."""
        if report.credit is None:
            left = self._("Credit: no answer from KIE.")
        else:
            left = self._("Credit: {credit}, alert below {low}.").format(
                credit=self.number(report.credit), low=self.number(report.low)
            )
        lines = [
            f"<b>KIE</b>\n{left}",
            self._("In the last minute: {creates} creates, {polls} polls.").format(
                creates=self.number(report.calls.get(CREATE, 0)),
                polls=self.number(report.calls.get(POLL, 0)),
            ),
            self._(
                "KIE allows {creates} creates per {window} s and {polls} polls per second; the bot"
                " stays within that."
            ).format(
                creates=KIE_CREATES, window=f"{KIE_CREATES_WINDOW_S:g}", polls=KIE_POLLS_PER_S
            ),
        ]
        if report.troubles:
            lines.append(self._("Latest errors (UTC):"))
            lines += [
                f"{self.time(each.at)} {quoted(each.error, TROUBLE_CHARS)}"
                for each in report.troubles[:TROUBLES_SHOWN]
            ]
        else:
            lines.append(self._("No errors since the start."))
        return "\n".join(lines)

    def low_credit(self, left: float, low: float) -> str:
        """Told once when it begins."""
        return "⚠️ " + self._(
            "The KIE account has {left} credits left, below the alert level of {low}. Top it up at"
            " kie.ai/billing before pictures start to fail."
        ).format(left=self.number(left), low=self.number(low))

    def time(self, at: float) -> str:
        """`22.11 16:05:09`, in UTC."""
        return datetime.fromtimestamp(at, UTC).strftime("%d.%m %H:%M:%S")
