"""Texts of /model: what there is to choose from, and what it costs."""

from collections.abc import Mapping, Sequence

from bot.telegram.html import code, quoted
from bot.texts.fields import FieldTexts
from bot.texts.jobs import JobTexts
from providers.base import Product
from storage.catalogue import Model
from storage.prices import price_with, prices_of, words_on_sale

NAME_SHOWN = 60
DESCRIPTIONS_SHOWN = 800  # characters of all descriptions together
TOOLS_SHOWN, TOOL_SHOWN = 5, 80


class ChoosingTexts(JobTexts, FieldTexts):
    """/model, and prices wherever they are told."""

    def models(
        self,
        models: Sequence[Model],
        chosen: str | None,
        *,
        tools: Sequence[Model] = (),
        seconds: Mapping[str, float] | None = None,
        alone: bool = False,
    ) -> str:
        """The models on sale, in the admins' order, each with its price, what it is good for, and
        what it makes of what, in how many `seconds` by its slug. One that is `alone` needs no
        `--model`."""
        if not models and not tools:
            return self._("No model is on sale right now.")
        title = self._("Model")
        lines = [f"<b>{title}</b>"]
        if not alone:
            other = next((each.slug for each in models if each.slug != chosen), "SLUG")
            said = self._("For a single request, add {flag} to it.")
            lines.append(said.format(flag=code(f"--model {other}")))
        for model in models:
            mark = "✓ " if model.slug == chosen else ""
            slug = "" if alone else f" {code(model.slug)}"
            name = f"<b>{quoted(model.name, NAME_SHOWN)}</b>"
            lines.append(f"\n{mark}{name}{slug} — {self.price(model)}")
            if words := model.described(self.language):
                lines.append(quoted(words, DESCRIPTIONS_SHOWN // len(models)))
            lines.append(self._made_of(model.product, (seconds or {}).get(model.slug)))
        if tools:
            title = self._("Tools for a picture")
            lines.append(f"\n<b>{title}</b>")
            lines.append(self._("Send a picture with such a caption, or reply to one with it:"))
        for tool in tools[:TOOLS_SHOWN]:
            said = quoted(tool.described(self.language) or tool.name, TOOL_SHOWN)
            lines.append(f"{code(f'--model {tool.slug}')} — {self.least(tool)}: {said}")
        return "\n".join(lines)

    def model_button(self, model: Model) -> str:
        """A model to choose."""
        least = min(self._prices(model))
        price = str(least)
        if least < max(self._prices(model)):
            price = self._("from {n}").format(n=least)
        return f"{model.name[:NAME_SHOWN]} · {price}"

    def price(self, model: Model) -> str:
        """`from 16 tokens a picture`; of films for the shortest and the longest."""
        product = model.product
        if not product.is_film:
            return self._("{tokens} a picture").format(tokens=self.least(model))
        length = product.field("duration")
        if length is None or length not in product.priced:
            return self._("{tokens} a video").format(tokens=self.least(model))
        words = words_on_sale(model, length.param)
        others = any(param != length.param and each for param, each in model.prices.items())
        said = []
        for word in dict.fromkeys((words[0], words[-1])):
            cost = price_with(model, length, word)
            tokens = self._from(cost) if others else self.tokens(cost)
            said.append(self._("{tokens} for {n} s").format(tokens=tokens, n=word))
        return ", ".join(said)

    def film_chosen(self, model: Model, cost: int, balance: int) -> str:
        """Plain text, in answer to the press that chose it: films cost more than people expect."""
        return self._(
            "{model} makes videos. A request now costs {tokens}; you have {balance}."
        ).format(model=model.name[:NAME_SHOWN], tokens=self.tokens(cost), balance=balance)

    def least(self, model: Model) -> str:
        """The lowest price, and whether there are others."""
        least = min(self._prices(model))
        return self.tokens(least) if least == max(self._prices(model)) else self._from(least)

    def _from(self, number: int) -> str:
        return self._n("from {n} token", "from {n} tokens", number).format(n=number)

    def _prices(self, model: Model) -> list[int]:
        return [model.price, *(each.tokens for each in prices_of(model)[1:] if each.tokens)]

    def _made_of(self, product: Product, seconds: float | None) -> str:
        is_film, number = product.is_film, product.pictures
        if product.models.text is None:
            said = (
                self._("A video from a picture.")
                if is_film
                else self._("A picture from a picture.")
            )
        elif not number:
            said = (
                self._("A video from words only.")
                if is_film
                else self._("A picture from words only.")
            )
        elif is_film:
            said = self._n(
                "A video from words or a picture.",
                "A video from words or up to {n} pictures.",
                number,
            )
        else:
            said = self._n(
                "A picture from words or a picture.",
                "A picture from words or up to {n} pictures.",
                number,
            )
        said = said.format(n=number)
        if seconds is not None:
            said += " " + self._("Usually {time}.").format(time=self._time(seconds))
        return said
