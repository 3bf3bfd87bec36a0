"""Texts of /stats, and numbers as each language writes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.numbers import format_decimal, format_percent

from bot.telegram.html import code, quoted
from bot.texts.base import BaseTexts
from storage.prices import CREDIT_USD
from storage.stats import Numbers, OfModel

MAX_DAYS = 3650
MODELS_SHOWN, NAME_SHOWN = 5, 30  # the whole is a caption
SMALL_USD = 0.1  # below it a cent is too coarse


@dataclass(frozen=True, slots=True)
class ChartWords:
    """What stands in the chart, in somebody's language."""

    language: str
    pictures: str
    pictures_weekly: str
    came: str
    did_not: str
    people: str
    stars: str
    stars_weekly: str
    came_in: str
    went_back: str
    tokens: str
    tokens_weekly: str
    sold: str
    used: str
    given: str


class NumberTexts(BaseTexts):
    """Around /stats."""

    def stats_usage(self) -> str:
        """How it is used."""
        return self._("Usage: {form}, from 1 to {most} days. For example: {example}.").format(
            form=code("/stats [DAYS]"), most=MAX_DAYS, example=code("/stats 30")
        )

    def stats(self, numbers: Numbers, token_usd: float) -> str:
        """All of them; the margin where a token has a price."""
        lines = [
            self._n("<b>The last day</b> (UTC)", "<b>The last {n} days</b> (UTC)", numbers.days),
            self._("People: {people}, new: {new}, active: {active}"),
            self._("Pictures and videos: {came}, failed: {failed}, cancelled: {cancelled}"),
            self._("Success: {success}"),
            self._("Stars in: {stars_in}, refunded: {stars_back}"),
            self._("Tokens sold: {sold}, used: {used}, granted: {granted}, free: {free}"),
            self._taken(numbers, token_usd),
            self._("Time to a result: median {median}, 95th percentile {p95}"),
        ]
        shown, others = numbers.by_model[:MODELS_SHOWN], numbers.by_model[MODELS_SHOWN:]
        by_model = [self._of_model(quoted(each.name, NAME_SHOWN), [each]) for each in shown]
        if others:
            by_model.append(self._of_model(self._("others"), others))
        text = "\n".join(lines).format(
            n=numbers.days,
            people=self.number(numbers.people),
            new=self.number(numbers.new_people),
            active=self.number(numbers.active_people),
            came=self.number(numbers.delivered),
            failed=self.number(numbers.failed),
            cancelled=self.number(numbers.items.get("cancelled", 0)),
            success=self.percent(numbers.success),
            stars_in=self.number(numbers.stars_in),
            stars_back=self.number(numbers.stars_back),
            sold=self.number(numbers.tokens_sold),
            used=self.number(numbers.tokens_used),
            granted=self.number(numbers.tokens_granted),
            free=self.number(numbers.tokens_free),
            median=self.duration(numbers.median_s),
            p95=self.duration(numbers.p95_s),
        )
        return "\n".join([text, *by_model])

    def _taken(self, numbers: Numbers, token_usd: float) -> str:
        """What KIE took, and what is left of what people paid."""
        costs = numbers.credits * CREDIT_USD
        facts = [f"KIE: {self.credits(round(numbers.credits, 2))}", self.money(costs)]
        if token_usd and numbers.credit_tokens:
            margin = 1 - costs / (numbers.credit_tokens * token_usd)
            facts.append(self._("margin {margin}").format(margin=self.percent(margin)))
        return ", ".join(facts)

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
            stars=self._("Stars by day"),
            stars_weekly=self._("Stars by week"),
            came_in=self._("paid"),
            went_back=self._("refunded"),
            tokens=self._("Tokens by day"),
            tokens_weekly=self._("Tokens by week"),
            sold=self._("sold"),
            used=self._("used"),
            given=self._("granted and free"),
        )

    def number(self, number: float) -> str:
        """`12,345`, as the language writes it."""
        return format_decimal(number, locale=self.language)

    def credits(self, number: float) -> str:
        """`42 credits`, of KIE's."""
        whole = int(number) if number == int(number) else 2  # "3.24 credits", also in Russian
        return self._n("{n} credit", "{n} credits", whole).format(n=self.number(number))

    def money(self, usd: float) -> str:
        """`$0.84`."""
        usd = round(usd, 4 if usd < SMALL_USD else 2)
        return f"${format_decimal(usd, '0.00##', locale=self.language)}"

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
