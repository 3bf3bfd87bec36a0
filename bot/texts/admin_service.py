"""Texts of /maintenance."""

from bot.texts.admin import AdminTexts
from bot.texts.closed import ClosedTexts


class AdminServiceTexts(AdminTexts, ClosedTexts):
    """/maintenance."""

    def maintenance_usage(self) -> str:
        """How to use it."""
        words = self._("back in an hour")
        return self.usage(
            "/maintenance on|off [text]", f"/maintenance on {words}", "/maintenance off"
        )

    def maintenance_on(self, words: str) -> str:
        """What the admin reads."""
        return self._(
            "New prompts are paused; queued ones are still drawn. Anyone who sends a prompt is"
            " told:\n{sentence}"
        ).format(sentence=self.maintenance(words))

    def maintenance_off(self) -> str:
        """What the admin reads."""
        return self._("Prompts are accepted again.")
