"""Texts for the admins about prices, and what KIE takes."""

from collections.abc import Sequence

from bot.telegram.html import clip, code, quoted
from bot.texts.admin import AdminTexts
from bot.texts.numbers import NumberTexts
from providers.base import Field
from storage.catalogue import OFF, Model
from storage.journal import Entry
from storage.prices import (
    CREDIT_USD,
    Price,
    default_of,
    losses,
    prices_of,
    together,
    together_on_sale,
)
from storage.stats import Taken

MAX_PRICE = 1_000_000
BUTTON_SHOWN = 40
MOST_PRICES = 60  # in one message, and as buttons under it: Telegram takes 100
NAME_SHOWN = 64
SLUG_SHOWN = 60
WORD_SHOWN = 40


class AdminPriceTexts(AdminTexts, NumberTexts):
    """Around /price."""

    def costs(self, model: Model, taken: Taken | None, token_usd: float) -> list[str]:
        """What KIE takes for the model, as is known and as it was of late, and the money."""
        price = prices_of(model)[0]
        known = self.credits(price.credits) if price.credits else ""
        if known and model.product.credits_a_picture:
            known = self._("up to {n}").format(n=known)
        lines = []
        if taken:
            of_late = self._("of late {n}").format(n=self.credits(round(taken.credits, 2)))
            known = ", ".join(filter(None, (known, of_late)))
        if known:
            lines.append(f"KIE: {known}")
        if token_usd and price.tokens and price.credits:
            facts = [self._money_behind(price, token_usd)]
            if taken:
                margin = 1 - taken.credits * CREDIT_USD / (taken.tokens * token_usd)
                facts.append(self._("of late {n}").format(n=self.percent(margin)))
            lines.append(", ".join(facts))
        return lines

    def _money_behind(self, price: Price, token_usd: float, *, short: bool = False) -> str:
        brings, costs = (price.tokens or 0) * token_usd, price.credits * CREDIT_USD
        mark = "⚠️ " if price.loses(token_usd) else ""
        if short:
            return mark + self._("margin {margin}").format(margin=self.percent(1 - costs / brings))
        return mark + self._("{brings} for {costs}, margin {margin}").format(
            brings=self.money(brings),
            costs=self.money(costs),
            margin=self.percent(1 - costs / brings),
        )

    def price_usage(self, model: Model) -> str:
        """How to use /price."""
        return self.usage(
            "/price SLUG [FIELD=VALUE] TOKENS",
            f"/price {model.slug} 79",
            "/price kling duration=10 400",
            "/price kling duration=10 off",
        )

    def price_range(self) -> str:
        """A price that cannot be."""
        return self._(
            "The price must be a whole number from 1 to {max} tokens. Nothing was changed."
        ).format(max=MAX_PRICE)

    def prices(self, model: Model, token_usd: float) -> str:
        """All prices of a row, and how to change them."""
        prices = prices_of(model)
        lines = [
            self._head(model),
            *(
                self._price(each, token_usd, short=bool(each.values))
                for each in prices[:MOST_PRICES]
            ),
        ]
        sold = {each.values[0][0].param: each for each in prices[1:] if each.tokens}
        lines += [self._price(each, token_usd, short=True) for each in together_on_sale(model)]
        if len(sold) > 1 and prices[0].tokens:
            one, other = [*sold.values()][:2]
            both = together(model, [*one.values, *other.values])
            lines.append(
                self._(
                    "Several values multiply: {values} cost {one} × {other} ÷ {base} = {tokens}."
                ).format(
                    values=code(both.name),
                    one=one.tokens,
                    other=other.tokens,
                    base=model.price,
                    tokens=self.tokens(both.tokens or 0),
                )
            )
        examples = [f"/price {model.slug} {model.price}"]
        if len(prices) > 1:
            last = prices[-1]
            form = f"/price {model.slug} {last.name}"
            examples += [f"{form} {last.tokens or 400}", f"{form} {OFF}"]
        change = self._("To change: {commands}").format(commands=", ".join(map(code, examples)))
        return "\n".join([*lines, change])

    def one_price(self, model: Model, price: Price, token_usd: float) -> str:
        """One of them alone."""
        return f"{self._head(model)}\n{self._price(price, token_usd)}"

    def _head(self, model: Model) -> str:
        state = self._("on sale") if model.enabled else self._("hidden")
        name = f"<b>{quoted(model.name, NAME_SHOWN)}</b>"
        return f"{name} · {code(model.slug, SLUG_SHOWN)} · {state}"

    def model_name(self, model: Model) -> str:
        """On its button."""
        return clip(f"{'✅' if model.enabled else '🚫'} {model.name}", BUTTON_SHOWN)

    def switch_button(self, model: Model) -> str:
        """Puts it on sale, or hides it."""
        return self._("Hide") if model.enabled else self._("Put on sale")

    def price_button(self, price: Price) -> str:
        """Opens a price."""
        tokens = "—" if price.tokens is None else str(price.tokens)
        name = price.name or self._("Price")
        return clip(f"{name} · {tokens}", BUTTON_SHOWN)

    def step_button(self, percent: int, tokens: int) -> str:
        """Changes a price to so many tokens."""
        return f"{'+' if percent > 0 else '−'}{abs(percent)} % · {tokens}"

    def off_sale_button(self) -> str:
        """Takes a value off sale."""
        return self._("Take off sale")

    def sell_button(self, tokens: int) -> str:
        """Sells something that has no price."""
        return self._("Sell for {tokens}").format(tokens=self.tokens(tokens))

    def own_price_button(self) -> str:
        """Copies the command, to which only the number is to be added."""
        return self._("Copy the command for another price")

    def price_is_another(self) -> str:
        """The card was old."""
        return self._("The price is not what this card showed. Nothing was changed.")

    def _price(self, price: Price, token_usd: float, *, short: bool = False) -> str:
        """One of the list."""
        what = f"{code(price.name)}: " if price.values else ""
        facts = [self._("not on sale") if price.tokens is None else self.tokens(price.tokens)]
        if price.credits:
            facts.append(f"KIE: {self.credits(price.credits)}")
            if token_usd and price.tokens:
                facts.append(self._money_behind(price, token_usd, short=short))
        return what + " · ".join(facts)

    def price_set(self, entry: Entry) -> str:
        """The new price of a row, or of a value."""
        model, _, value = entry.subject.partition(" ")
        if value:
            return self._value_price_set(entry, model, value)
        if not entry.before:
            return self._("{model}: the price is {tokens}. To put it on sale: {command}.").format(
                model=code(entry.subject, SLUG_SHOWN),
                tokens=self.tokens(int(entry.after)),
                command=code(f"/enable {entry.subject}"),
            )
        return self._(
            "{model}: the price is now {tokens} (was {before}). Jobs already placed keep their"
            " price."
        ).format(
            model=code(entry.subject, SLUG_SHOWN),
            tokens=self.tokens(int(entry.after)),
            before=entry.before,
        )

    def _value_price_set(self, entry: Entry, model: str, value: str) -> str:
        sold, was_sold = entry.after != OFF, entry.before != OFF
        match sold, was_sold:
            case True, True:
                text = self._(
                    "{model}: with {value} it now costs {tokens} (was {before}). Jobs already"
                    " placed keep their price."
                )
            case True, False:
                text = self._("{model}: {value} is on sale now and costs {tokens}.")
            case False, True:
                text = self._(
                    "{model}: {value} is not on sale any more (was {before}). Jobs already placed"
                    " will still be drawn."
                )
            case _:
                text = self._("{model}: {value} is not on sale, as before.")
        return text.format(
            model=code(model, SLUG_SHOWN),
            value=code(value, WORD_SHOWN),
            tokens=self.tokens(int(entry.after)) if sold else "",
            before=entry.before,
        )

    def price_warnings(self, model: Model, token_usd: float, *, base: bool) -> list[str]:
        """What to think of after a price was set; `base`: it was that of the row."""
        lines = []
        kept = [each for each in prices_of(model)[1:] if each.tokens]
        if base and kept:
            shown = ", ".join(f"{code(each.name)} {each.tokens}" for each in kept[:3])
            more = "…" if len(kept) > 3 else ""
            lines.append(
                self._("Prices of values stay as they were: {values}. See {command}").format(
                    values=shown + more, command=code(f"/price {model.slug}", SLUG_SHOWN)
                )
            )
        lines += [self._loss(each, model, token_usd) for each in losses(model, token_usd)]
        return lines

    def default_prices(self, model: Model, token_usd: float) -> list[str]:
        """What to think of after the row's options were set: it sells by default what had a price
        of its own, maybe."""
        named = [
            f"{each.flag}={default_of(model, each)}"
            for each in model.product.priced
            if each.param in model.options
        ]
        if not named:
            return []
        said = self._("{values} now costs the price of the model, {tokens}. See {command}").format(
            values=code(" ".join(named), WORD_SHOWN),
            tokens=self.tokens(model.price),
            command=code(f"/price {model.slug}", SLUG_SHOWN),
        )
        return [said, *(self._loss(each, model, token_usd) for each in losses(model, token_usd))]

    def _loss(self, price: Price, model: Model, token_usd: float) -> str:
        return "⚠️ " + self._(
            "Below cost: {values} brings {brings}, and KIE takes {credits}, {costs}."
        ).format(
            values=code(price.name or model.slug, SLUG_SHOWN),
            brings=self.money((price.tokens or 0) * token_usd),
            credits=self.credits(price.credits),
            costs=self.money(price.credits * CREDIT_USD),
        )

    def no_priced_field(self, model: Model, given: str, near: Sequence[str]) -> str:
        """No value of what was given changes the price."""
        text = self._("The price of {model} does not depend on {given}.").format(
            model=code(model.slug, SLUG_SHOWN), given=code(given, WORD_SHOWN)
        )
        if near:
            closest = ", ".join(map(code, near))
            text += " " + self._("Closest: {near}.").format(near=closest)
        return text + " " + self._("Nothing was changed.")

    def no_such_value(self, model: Model, field: Field, given: str, near: str | None) -> str:
        """The field has no such value."""
        text = self._("{model} has no {given}. There is: {values}.").format(
            model=code(model.slug, SLUG_SHOWN),
            given=code(f"{field.flag}={given}", WORD_SHOWN),
            values=", ".join(field.words),
        )
        if near:
            closest = code(f"{field.flag}={near}", WORD_SHOWN)
            text += " " + self._("Closest: {near}.").format(near=closest)
        return text + " " + self._("Nothing was changed.")

    def default_value(self, model: Model, field: Field) -> str:
        """Its price is that of the row."""
        return self._(
            "{value} is the default of {model}, and costs the price of the model: {command}."
            " Nothing was changed."
        ).format(
            value=code(f"{field.flag}={default_of(model, field)}", WORD_SHOWN),
            model=code(model.slug, SLUG_SHOWN),
            command=code(f"/price {model.slug} {model.price}", SLUG_SHOWN),
        )

    def loss_alert(self, slug: str, taken: float, brings: float) -> str:
        """KIE took more for a task than it was sold for."""
        return "⚠️ " + self._(
            "{model}: KIE took {taken} for one task, {costs}, and it brought {brings}. Set another"
            " price: {command}"
        ).format(
            model=code(slug, SLUG_SHOWN),
            taken=self.credits(taken),
            costs=self.money(taken * CREDIT_USD),
            brings=self.money(brings),
            command=code(f"/price {slug}", SLUG_SHOWN),
        )

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
