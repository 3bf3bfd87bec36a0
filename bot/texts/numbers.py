"""Texts of /stats, and numbers as each language writes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.numbers import format_decimal, format_percent

from bot.telegram.html import code, quoted
from bot.texts.base import BaseTexts
from storage.stats import Numbers, OfModel

MAX_DAYS = 3650
MODELS_SHOWN, NAME_SHOWN = 8, 30  # the whole is a caption


@dataclass(frozen=True, slots=True)
class ChartWords:
    """What stands in the chart, in somebody's language."""

    language: str
    pictures: str
    pictures_weekly: str
    came: str
    did_not: str
    people: str


class NumberTexts(BaseTexts):
    """Around /stats."""

    def stats_usage(self) -> str:
        """How it is used."""
        return self._("Usage: {form}, from 1 to {most} days. For example: {example}.").format(
            form=code("/stats [DAYS]"), most=MAX_DAYS, example=code("/stats 30")
        )

    def stats(self, numbers: Numbers) -> str:
        """All of them."""
        lines = [
            self._n("<b>The last day</b> (UTC)", "<b>The last {n} days</b> (UTC)", numbers.days),
            self._("People: {people}, new: {new}, active: {active}"),
            self._("Pictures: {came}, failed: {failed}, cancelled: {cancelled}"),
            self._("Success: {success}"),
            self._("Tokens charged: {charged}, refunded: {refunded}, granted: {granted}"),
            self._("Time to a picture: median {median}, 95th percentile {p95}"),
        ]
        shown, others = numbers.by_model[:MODELS_SHOWN], numbers.by_model[MODELS_SHOWN:]
        by_model = [self._of_model(quoted(each.name, NAME_SHOWN), [each]) for each in shown]
        if others:
            by_model.append(self._of_model(self._("others"), others))
        tokens = numbers.tokens
        text = "\n".join(lines).format(
            n=numbers.days,
            people=self.number(numbers.people),
            new=self.number(numbers.new_people),
            active=self.number(numbers.active_people),
            came=self.number(numbers.delivered),
            failed=self.number(numbers.failed),
            cancelled=self.number(numbers.items.get("cancelled", 0)),
            success=self.percent(numbers.success),
            charged=self.number(-tokens.get("charge", 0)),
            refunded=self.number(tokens.get("refund", 0)),
            granted=self.number(tokens.get("grant", 0) + tokens.get("welcome", 0)),
            median=self.duration(numbers.median_s),
            p95=self.duration(numbers.p95_s),
        )
        return "\n".join([text, *by_model])

    def _of_model(self, name: str, models: Sequence[OfModel]) -> str:
        """What came of some models, and what was paid for it."""
        return self._("{name}: {came}, failed: {failed}, tokens: {tokens}").format(
            name=name,
            came=self.number(sum(each.delivered for each in models)),
            failed=self.number(sum(each.failed for each in models)),
            tokens=self.number(sum(each.tokens for each in models)),
        )

    def chart_words(self) -> ChartWords:
        """What stands in the chart."""
        return ChartWords(
            language=self.language,
            pictures=self._("Pictures by day"),
            pictures_weekly=self._("Pictures by week"),
            came=self._("arrived"),
            did_not=self._("failed"),
            people=self._("Active people per day"),
        )

    def number(self, number: float) -> str:
        """`12,345`, as the language writes it."""
        return format_decimal(number, locale=self.language)

    def percent(self, part: float | None) -> str:
        """`96.1 %`; a dash for none."""
        return "—" if part is None else format_percent(part, "0.0 %", locale=self.language)

    def duration(self, seconds: float | None) -> str:
        """`1:05:09`, `4:20` or `12 s`; a dash for none."""
        if seconds is None:
            return "—"
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return f"{hours}:{minutes:02}:{rest:02}"
        return f"{minutes}:{rest:02}" if minutes else self._("{n} s").format(n=rest)
