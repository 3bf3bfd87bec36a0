"""Texts of /addmodel and /removemodel."""

import json
from collections.abc import Iterator, Sequence

from bot.telegram.html import code, fitted, quoted
from bot.texts.admin import AdminTexts
from providers.base import Field, Input, Media, Number, OneOf, Product, Text
from providers.derived import Found, Unfit, UnfitError, example
from providers.differences import Difference, DifferenceKind
from providers.schema import fields_of
from storage.journal import Entry

NAME_SHOWN = 100  # of KIE's
WORDS_SHOWN = 200
PRICE_SHOWN = 500
EXAMPLE_SHOWN = 900
FIELDS_SHOWN = 15


class AddedModelTexts(AdminTexts):
    """What KIE says of a model, and what the bot makes of it."""

    def addmodel_usage(self) -> str:
        """How to use /addmodel."""
        return self.usage(
            "/addmodel KIE-NAME [KIE-PICTURE-NAME] [SLUG] [film|image]",
            "/addmodel wan/2-7-image",
            "/addmodel qwen3/text-to-image qwen3/image-to-image qwen",
        )

    def removemodel_usage(self) -> str:
        """How to use /removemodel."""
        return self.usage("/removemodel SLUG", "/removemodel wan-2-7-image")

    def not_listed(self, model: str, nearest: Sequence[str]) -> str:
        """KIE has no such model."""
        text = self._("KIE does not list {model}.").format(model=code(model, NAME_SHOWN))
        if nearest:
            near = ", ".join(code(each, NAME_SHOWN) for each in nearest)
            text += " " + self._("Closest: {near}.").format(near=near)
        return text + " " + self._("Nothing was changed.")

    def no_schema(self, model: str) -> str:
        """KIE lists it, and has no schema of it."""
        return self._(
            "KIE lists {model} but does not say what it takes, so a request could be billed for"
            " what nobody chose. Take another model, or declare this one in providers/products"
            " (CONTRIBUTING.md). Nothing was changed."
        ).format(model=code(model, NAME_SHOWN))

    def bad_slug(self, slug: str) -> str:
        """It can be no slug."""
        return self._(
            "{slug} can be no short name: it takes up to 32 small Latin letters, digits and"
            " hyphens. Nothing was changed."
        ).format(slug=code(slug, NAME_SHOWN))

    def slug_taken(self, slug: str) -> str:
        """Another model is called so."""
        return self._(
            "Another model is or was sold as {slug}. Give a short name of your own as the last word"
            " of the command. Nothing was changed."
        ).format(slug=code(slug, NAME_SHOWN))

    def kie_silent(self, said: str) -> str:
        """KIE did not answer, or refused to."""
        text = self._("KIE did not answer: {said}. Nothing was changed. Try again later.")
        return text.format(said=quoted(said, WORDS_SHOWN))

    def built_in(self, slug: str) -> str:
        """It cannot be removed."""
        return self._(
            "{slug} comes with the bot and stays in the list. To take it off sale: {command}."
            " Nothing was changed."
        ).format(slug=code(slug, NAME_SHOWN), command=code(f"/disable {slug}"))

    def price_missing(self, slug: str) -> str:
        """It is to be sold, and has no price."""
        return self._(
            "{slug} has no price yet. Set it first, for example {command}. Nothing was changed."
        ).format(slug=code(slug, NAME_SHOWN), command=code(f"/price {slug} 79"))

    def removed(self, entry: Entry) -> str:
        """It is gone from the list."""
        return self._(
            "{slug} is removed from the list. What is ordered already will be drawn; what was drawn"
            " stays in people's history."
        ).format(slug=code(entry.subject, NAME_SHOWN))

    def unfit(self, error: UnfitError) -> str:
        """Why no product can be made of it."""
        names = ", ".join(code(each, NAME_SHOWN) for each in error.names[:FIELDS_SHOWN])
        match error.why:
            case Unfit.REQUIRED:
                why = self._("It requires fields that the bot has nothing for: {names}.")
            case Unfit.NO_PROMPT:
                why = self._("It takes neither a prompt nor a picture.")
            case Unfit.NO_PICTURE:
                why = self._("The second model takes no picture.")
            case Unfit.NEEDS_PICTURE:
                why = self._("The first model requires a picture; the second is the one for it.")
            case _:  # Unfit.MEDIA
                why = self._(
                    "It is not clear whether it makes pictures or films. Add the word {image} or"
                    " {film} to the command."
                )
        text = why.format(names=names, image=code("image"), film=code("film"))
        return text + " " + self._("Nothing was changed.")

    def added(
        self,
        entry: Entry,
        product: Product,
        found: Sequence[Found],
        *,
        has_price: bool,
        lost_price: bool,
    ) -> str:
        """What KIE says of it, what is made of that, and what to do next."""
        slug = code(product.slug, NAME_SHOWN)
        if entry.before:
            head = self._("{slug} was there already; what it takes is now as KIE says today.")
            if lost_price:
                head += " " + self._(
                    "By default it now makes something else, so it is hidden and without a price."
                )
        else:
            head = self._("{slug} is added, hidden and without a price.")
        if product.media is Media.FILM:
            named = self._("<b>{name}</b> makes films.")
        else:
            named = self._("<b>{name}</b> makes pictures.")
        named = named.format(name=quoted(product.name, NAME_SHOWN))
        lines = [f"{head.format(slug=slug)} {named}", *self._models(product)]
        lines += self._takes(product, found)
        lines += self._sends(product)
        lines += [
            self._("KIE's price of {model}: {price}").format(
                model=code(each.model, NAME_SHOWN),
                price=quoted(each.price, PRICE_SHOWN) or self._("not told"),
            )
            for each in found
        ]
        if not has_price:
            lines.append(
                self._("Next: {price}, then {enable}.").format(
                    price=code(f"/price {product.slug} 79"), enable=code(f"/enable {product.slug}")
                )
            )
        return "\n".join(lines)

    def _models(self, product: Product) -> Iterator[str]:
        text, picture = product.models.text, product.models.picture
        if text is not None:
            model = code(text, NAME_SHOWN)
            yield self._("From words: {model}").format(model=model)
        if picture is not None and product.picture is not None:
            yield self._("From pictures: {model}, {param}, up to {n}").format(
                model=code(picture, NAME_SHOWN),
                param=code(product.picture.param),
                n=product.pictures,
            )

    def _takes(self, product: Product, found: Sequence[Found]) -> Iterator[str]:
        """What people can say, each with the field that it is in `input`."""
        fields = {each.name: each for model in found for each in fields_of(model.schema)}
        if not product.is_tool:
            yield self._("Prompt: up to {n} characters").format(n=product.prompt_chars)
        for field in product.fields:
            line = f"--{field.flag} → {code(field.param)}: {self._values(field)}"
            if field.default is not None:
                default = quoted(str(field.default), WORDS_SHOWN)
                line += "; " + self._("by default {value}").format(value=default)
            if fields[field.param].required:
                line += "; " + self._("required")
            if field.credits:
                value = next(iter(field.credits))
                command = code(f"/price {product.slug} {field.flag}={value} 79")
                line += "; " + self._("other values need a price of their own: {command}").format(
                    command=command
                )
            yield line
        said = {each.param for each in product.fields} | {each.param for each in product.constants}
        said |= product.own_params
        left = [name for name in fields if name not in said]
        if left:
            names = ", ".join(code(name) for name in left[:FIELDS_SHOWN])
            yield self._("Not sent, KIE's own default holds: {names}").format(names=names)

    def _values(self, field: Field) -> str:
        match field.kind:
            case OneOf(words=words):
                return quoted(", ".join(words), WORDS_SHOWN)
            case Number(low=low, high=high):
                return f"{low:.10g} – {high:.10g}"
            case Text(limit=limit):
                return self._("text of up to {limit} characters").format(limit=limit)
            case _:
                return "…"

    def _sends(self, product: Product) -> Iterator[str]:
        text, picture = product.models.text, product.models.picture
        starts = [Input.TEXT] if text else []
        starts += [Input.PICTURE] if picture and picture != text else []
        for given in starts:
            shown = json.dumps(example(product, given), ensure_ascii=False)
            model = text if given is Input.TEXT else picture
            yield self._("Example of the input for {model}:\n{input}").format(
                model=code(str(model), NAME_SHOWN), input=code(shown, EXAMPLE_SHOWN)
            )

    def kie_differs(self, differences: Sequence[Difference]) -> str:
        """Told to the admins when it is new."""
        head = "⚠️ " + self._("KIE says otherwise than the bot of what is on sale:")

        def told(length: int) -> str:
            return "\n".join(
                [head, *(f"• {self._difference(each, length)}" for each in differences)]
            )

        return fitted(told, PRICE_SHOWN)

    def _difference(self, difference: Difference, length: int) -> str:
        said = [quoted(each, length) for each in difference.said]
        match difference.kind:
            case DifferenceKind.UNLISTED:
                text = self._("{slug}: KIE does not list {model}.")
                if said:
                    text += " " + self._("Closest: {near}.")
            case DifferenceKind.FALLBACK:
                text = self._(
                    "{slug}: KIE does not list {model}, so {said} is used in its place. Check the"
                    " price."
                )
            case DifferenceKind.REQUIRED:
                text = self._("{slug}: {model} requires fields that are not sent: {said}.")
            case DifferenceKind.NOT_TAKEN:
                text = self._("{slug}: {model} does not take this any more: {said}.")
            case _:  # DifferenceKind.PRICE
                text = self._("{slug}: KIE's price of {model} was “{before}” and is “{after}” now.")
        return text.format(
            slug=code(difference.slug, NAME_SHOWN),
            model=code(difference.model, NAME_SHOWN),
            near=", ".join(said),
            said="; ".join(said),
            before="".join(said[:1]),
            after="".join(said[1:]),
        )
