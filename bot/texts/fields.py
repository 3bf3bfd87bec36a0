"""Texts about the fields of products: names, help, allowed values."""

from typing import Any

from bot.prompts.errors import Allowed, BytesUpTo, Form
from bot.prompts.values import is_whole
from bot.telegram.html import code, quoted
from bot.texts.base import BaseTexts
from providers.base import Field, Flag, Number, OneOf, Product, Text, TextOrNumber, Url, Word

VALUE_SHOWN = 40
WORDS_SHOWN = 300  # of a text


class FieldTexts(BaseTexts):
    """The words for whatever a product declares."""

    def field(self, field: Field) -> str:
        """The name of a field, on the card and on its button."""
        match field.flag:
            case "ar":
                return self._("Aspect ratio")
            case "q":
                return self._("Quality")
            case "cfg":
                return self._("Prompt adherence (cfg)")
            case "no":
                return self._("Negative prompt")
            case _:
                return field.title.get(self.language) or f"--{field.flag}"

    def field_hint(self, field: Field) -> str:
        """What it is for, where that is not plain from its name."""
        match field.flag:
            case "cfg":
                return self._("The higher it is, the more closely I follow the prompt.")
            case "no":
                return self._("What should not appear.")
            case _:
                return ""

    def field_help(self, field: Field) -> tuple[str, str] | None:
        """An example of it, and what it is for; None: it is one of many that are only named."""
        match field.flag, field.kind:
            case "ar", OneOf(words=words):
                said = self._("aspect ratio: {words}").format(words=self._any_of(words))
                return words[min(1, len(words) - 1)], said
            case "q", OneOf(words=words):
                said = self._("quality: {words}").format(words=self._any_of(words))
                return words[-1], said
            case "duration", OneOf(words=words):
                said = self._("duration in seconds: {words}").format(words=self._any_of(words))
                return words[-1], said
            case "no", _:
                example = "текст, рамка" if self.language == "ru" else "text, frame"
                return example, self._("what should not appear")
            case "cfg", Number(low=low, high=high):
                said = self._("how closely to follow the prompt, from {low} to {high}")
                return "0.7", said.format(low=f"{low:.10g}", high=f"{high:.10g}")
            case "seed", _:
                return "42", self._("the same number gives a similar picture")
            case _ if title := field.title.get(self.language):
                return self._titled(field, title)
            case _:
                return None

    def _titled(self, field: Field, title: str) -> tuple[str, str]:
        """The same of a field that only one product has."""
        name = title[:1].lower() + title[1:]
        match field.kind:
            case OneOf(words=words):
                return words[-1], f"{name}: {self._any_of(words)}"
            case Number(low=low, high=high):
                return f"{high:.10g}", f"{name}: {low:.10g}–{high:.10g}"
            case _:
                return "", name

    def example_flag(self, product: Product) -> str:
        """One of its flags with a value, as somebody would write it; empty: it has none."""
        fields = [product.field(flag) for flag in ("duration", "ar", "q", "factor")]
        words = ((each.flag, each.words) for each in fields if each)
        return next((f"--{flag} {each[min(1, len(each) - 1)]}" for flag, each in words if each), "")

    def example(self, product: Product) -> str:
        """A request, as somebody would write it."""
        words = (
            self._("a fox runs through the snow")
            if product.is_film
            else self._("a red fox in the snow")
        )
        return f"{words} {self.example_flag(product)}".rstrip()

    def _any_of(self, words: tuple[str, ...]) -> str:
        *others, last = words
        if not others:
            return last
        return self._("{words} or {last}").format(words=", ".join(others), last=last)

    def value(self, field: Field, value: Any, length: int = VALUE_SHOWN) -> str:
        """A value for the card."""
        match field.kind, value:
            case Flag(), _:
                return self._("no") if value is None else self._("yes")
            case _, None | "":
                return "—"
            case Number(), int() | float():
                return f"{value:g}"
            case _:
                return quoted(str(value), length)

    def facts(self, product: Product, said: dict[str, Any]) -> list[str]:
        """How something is made, in short, by what is `said` of it; without long texts."""
        left = dict(said)  # two flags may set the same
        values = ((field, left.pop(field.param, None)) for field in product.fields)
        return [
            self.fact(field, value)
            for field, value in values
            if value is not None
            and not isinstance(field.kind, Text)
            and not is_automatic(field, value)
        ]

    def fact(self, field: Field, value: Any) -> str:
        """A value where there is little room: with its name, unless it speaks for itself."""
        if value is True:
            return field.flag
        shown = quoted(str(value), VALUE_SHOWN)
        if field.flag == "duration":
            return self._("{n} s").format(n=shown)
        if field.flag == "factor":
            return f"×{shown}"
        if isinstance(field.kind, OneOf) and (":" in shown or not shown[:1].isdecimal()):
            return shown
        return f"{field.flag} {shown}"

    def flags(self, product: Product) -> list[str]:
        """All flags of a product."""
        options = ["--opt", "--options"] if product.open_options else []
        return [*(f"--{field.flag}" for field in product.fields), *options, "--n", "--model"]

    def allowed(self, allowed: Allowed) -> str:
        """What a flag takes, in words."""
        match allowed:
            case OneOf(words=words):
                return ", ".join(code(word) for word in words)
            case Number(low=low, high=high, step=step):
                if is_whole(allowed):
                    text = self._("a whole number from {low} to {high}")
                else:
                    text = self._("a number from {low} to {high} in steps of {step}")
                return text.format(low=f"{low:.10g}", high=f"{high:.10g}", step=f"{step:g}")
            case Text(limit=limit):
                return self._("text of up to {limit} characters").format(limit=limit)
            case Word():
                return self._("one word")
            case TextOrNumber():
                return self._("a number, or text")
            case Url():
                return self._("a URL, like {example}").format(
                    example=code("https://example.com/style.png")
                )
            case Flag():
                return "—"
            case BytesUpTo(limit=limit):
                return self._("at most {limit} bytes for all options together").format(limit=limit)
            case Form.KEY_VALUE:
                return self._("a name and a value, like {example}").format(
                    example=code("key=value")
                )
            case Form.JSON_OBJECT:
                return self._("a JSON object, like {example}").format(
                    example=code('{"key": "value"}')
                )


def is_automatic(field: Field, value: Any) -> bool:
    """Whether it is what stands in `input` for "as in the picture", and no choice of anybody's."""
    return value == field.with_picture and value not in field.words
