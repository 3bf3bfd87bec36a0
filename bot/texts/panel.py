"""Texts of /admin, the admins' panel."""

from bot.telegram.html import code
from bot.texts.admin_service import AdminServiceTexts
from bot.texts.numbers import NumberTexts
from storage.stats import Numbers


class PanelTexts(AdminServiceTexts, NumberTexts):
    """Around /admin."""

    def panel(self) -> str:
        """Above the buttons."""
        return self._("What would you like to manage?")

    def panel_buttons(self) -> dict[str, str]:
        """Its rooms."""
        return {
            "models": self._("Models"),
            "packs": self._("Packs"),
            "people": self._("People"),
            "numbers": self._("Statistics"),
            "service": self._("Service"),
        }

    def panel_back(self) -> str:
        """To the rooms."""
        return self._("Back")

    def panel_days(self, days: int) -> str:
        """The button of a period."""
        return self._n("{n} day", "{n} days", days).format(n=days)

    def panel_people(self, numbers: Numbers) -> str:
        """Who is here, and what can be done about them."""
        commands = (
            ("/user 1001", self._("everything about a person, with buttons")),
            ("/grant 1001 500", self._("give tokens; a minus sign takes them")),
            ("/ban 1001", self._("ban a person; {command} lifts the ban")),
            ("/broadcast", self._("in reply to a message: send it to everyone")),
        )
        head = self._("People: {people}. In the last {days}: new {new}, active {active}.").format(
            people=self.number(numbers.people),
            days=self.panel_days(numbers.days),
            new=self.number(numbers.new_people),
            active=self.number(numbers.active_people),
        )
        lines = [f"{code(form)} — {what}" for form, what in commands]
        return "\n".join([head, *lines]).format(command="/unban")

    def panel_numbers(self, numbers: Numbers, token_usd: float) -> str:
        """The numbers, and how to get the chart."""
        chart = self._("With a chart: {command}").format(command=code(f"/stats {numbers.days}"))
        return f"{self.stats(numbers, token_usd)}\n{chart}"

    def panel_service(self, open_items: int, maintenance: str | None) -> str:
        """How things go, and what can be done about them."""
        if maintenance is None:
            state = self._("Prompts are accepted. To pause: {command}").format(
                command=code("/maintenance on")
            )
        else:
            state = self._("New prompts are paused. To resume: {command}").format(
                command=code("/maintenance off")
            )
        lines = [
            state,
            self._("Queued and running: {n}.").format(n=self.number(open_items)),
            self._("KIE account: {kie}, database check: {audit}").format(
                kie="/kie", audit="/audit"
            ),
        ]
        return "\n".join(lines)

    def panel_jobs(self) -> str:
        """The button to /jobs."""
        return self._("Queue")

    def panel_journal(self) -> str:
        """The button to the journal."""
        return self._("Journal")
