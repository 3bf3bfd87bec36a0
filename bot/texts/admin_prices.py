"""Texts for the admins about prices, and what KIE takes."""

from bot.telegram.html import code
from bot.texts.admin import AdminTexts
from bot.texts.numbers import NumberTexts

SLUG_SHOWN = 60


class AdminPriceTexts(AdminTexts, NumberTexts):
    """Around /price."""

    def credits(self, number: float) -> str:
        """`42 credits`, of KIE's."""
        whole = int(number) if number == int(number) else 2  # "3.24 credits", also in Russian
        return self._n("{n} credit", "{n} credits", whole).format(n=self.number(number))

    def credits_alert(self, slug: str, told: float, taken: float) -> str:
        """KIE took another amount for a task than it is known to."""
        return "⚠️ " + self._(
            "{model}: KIE took {taken} for one task where the bot expected {told}. Check the"
            " prices: {command}"
        ).format(
            model=code(slug, SLUG_SHOWN),
            taken=self.credits(taken),
            told=self.credits(told),
            command=code(f"/price {slug}", SLUG_SHOWN),
        )
