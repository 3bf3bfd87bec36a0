"""Texts of maintenance and bans."""

from html import unescape

from bot.service_limits import PRESS_UNITS
from bot.telegram.html import fitted, quoted
from bot.texts.base import BaseTexts, sentence

MAINTENANCE_CHARS = 1000
REASON_CHARS = 200


class ClosedTexts(BaseTexts):
    """Maintenance and bans."""

    def maintenance(self, words: str, length: int = MAINTENANCE_CHARS) -> str:
        """In place of an order: the admins' words, or ours where they said none."""
        said = quoted(words, length) or self._(
            "The bot is under maintenance and is not accepting new prompts. Try again later."
        )
        return f"{said}\n" + self._("Nothing was charged.")

    def maintenance_in_short(self, words: str) -> str:
        """Plain text, in answer to a press."""
        return unescape(
            fitted(lambda length: self.maintenance(words, length), PRESS_UNITS, PRESS_UNITS)
        )

    def banned(self, reason: str) -> str:
        """The one sentence for a banned person."""
        text = self._("The team has banned you from this bot; nothing is drawn or charged.")
        if reason:
            said = sentence(quoted(reason, REASON_CHARS))
            text += " " + self._("Reason: {reason}").format(reason=said)
        return text + " " + self._("Questions: /paysupport")
