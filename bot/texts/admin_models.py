"""Texts for the admins about the catalogue."""

import json
from collections.abc import Sequence

from bot.prompts.errors import BadValueError, BytesUpTo, PromptError
from bot.prompts.options import OPTIONS_BYTES, as_json
from bot.telegram.html import code, quoted
from bot.texts.admin_prices import SLUG_SHOWN, AdminPriceTexts
from storage.catalogue import Model
from storage.journal import Entry
from storage.stats import Taken

# As Telegram limits a bot's own (Bot API, setMyName and setMyDescription).
NAME_CHARS = 64
DESCRIPTION_CHARS = 512

OPTIONS_SHOWN = DESCRIPTION_SHOWN = 40  # in the list
VALUE_SHOWN = 600  # of what was set just now


class AdminModelTexts(AdminPriceTexts):
    """Answers to the commands that change models."""

    def models_head(self, models: Sequence[Model]) -> str:
        """Above the list."""
        on = sum(model.enabled for model in models)
        return self._("Models: {n}, on sale: {on}.").format(n=len(models), on=on)

    def model_line(
        self, position: int, model: Model, taken: Taken | None = None, token_usd: float = 0
    ) -> str:
        """One of the list; `taken` is what it took at KIE of late."""
        state = self._("on sale") if model.enabled else self._("hidden")
        facts = [
            self.tokens(model.price) if model.price_set else self._("no price yet"),
            self._("accepts a picture") if model.input_images else self._("words only"),
            self._("drawn: {n}").format(n=model.used),
        ]
        if model.options:
            facts.append(code(_keys(model), OPTIONS_SHOWN))
        if model.allowed_options:
            names = ", ".join(model.allowed_options)
            facts.append(self._("allowed: {names}").format(names=code(names, OPTIONS_SHOWN)))
        mark = "✅" if model.enabled else "🚫"
        names = f"{quoted(model.name, NAME_CHARS)} · {code(model.slug, SLUG_SHOWN)}"
        costs = self.costs(model, taken, token_usd)
        lines = [f"{position}. {mark} {names} · {state}", " · ".join(facts), *costs]
        if model.description:
            words = " ".join(model.description.split())
            lines.append(f"<i>{quoted(words, DESCRIPTION_SHOWN)}</i>")
        return "\n".join(lines)

    def no_such_model(self, slug: str, nearest: Sequence[str]) -> str:
        """The slug is none."""
        text = self._("There is no model {slug}.").format(slug=code(slug, SLUG_SHOWN))
        if nearest:
            near = ", ".join(code(each, SLUG_SHOWN) for each in nearest)
            text += " " + self._("Closest: {near}.").format(near=near)
        return text + " " + self._("Nothing was changed.")

    def enable_usage(self, model: Model) -> str:
        """How to use /enable."""
        return self.usage("/enable SLUG", f"/enable {model.slug}")

    def disable_usage(self, model: Model) -> str:
        """How to use /disable."""
        return self.usage("/disable SLUG", f"/disable {model.slug}")

    def enabled(self, entry: Entry, *, none_left: bool) -> str:
        """On sale, or hidden."""
        if entry.after == "1":
            text = self._("{model} is on sale.")
        else:
            text = self._("{model} is hidden. Jobs already placed will still be drawn.")
        text = text.format(model=code(entry.subject, SLUG_SHOWN))
        if none_left:
            text += " " + self._(
                "No model is on sale now: people are told so, and nothing is charged."
            )
        return text

    def rename_usage(self, model: Model) -> str:
        """How to use /rename."""
        return self.usage("/rename SLUG NAME", f"/rename {model.slug} {model.name}")

    def renamed(self, entry: Entry) -> str:
        """The new name."""
        return self._("{model} is now called “{name}” (was “{before}”).").format(
            model=code(entry.subject, SLUG_SHOWN),
            name=quoted(entry.after, NAME_CHARS),
            before=quoted(entry.before, NAME_CHARS),
        )

    def describe_usage(self, model: Model) -> str:
        """How to use /describe."""
        example = self._("quick and vivid")
        return self.usage("/describe SLUG TEXT", f"/describe {model.slug} {example}")

    def described(self, entry: Entry) -> str:
        """The new description."""
        return self._("New description of {model}:\n{text}").format(
            model=code(entry.subject, SLUG_SHOWN), text=quoted(entry.after, VALUE_SHOWN)
        )

    def position_usage(self, model: Model) -> str:
        """How to use /position."""
        return self.usage("/position SLUG N", f"/position {model.slug} 1")

    def moved(self, entry: Entry) -> str:
        """The new place."""
        if entry.after == entry.before:
            text = self._("{model} is already number {n}.")
        else:
            text = self._("{model} is now number {n} (was {before}).")
        return text.format(
            model=code(entry.subject, SLUG_SHOWN), n=entry.after, before=entry.before
        )

    def options_usage(self, model: Model) -> str:
        """How to use /options."""
        return self.usage(
            "/options SLUG {JSON} | allow NAMES | disallow NAMES",
            f'/options {model.slug} {{"stylize": 200}}',
            f"/options {model.slug} {{}}",
            f"/options {model.slug} allow resolution",
        )

    def options_of(self, model: Model) -> str:
        """What they are now, and how to change them."""
        text = self._("{model}: default options {options}; people may also set {names}.").format(
            model=code(model.slug, SLUG_SHOWN),
            options=code(as_json(dict(model.options)), VALUE_SHOWN),
            names=self._names(model.allowed_options),
        )
        return text + "\n" + self.options_usage(model)

    def allowed_anyway(self, names: Sequence[str]) -> str:
        """They are not among those that are closed."""
        return self._("People may already set {names}. Nothing was changed.").format(
            names=self._names(names)
        )

    def allowed_set(self, entry: Entry) -> str:
        """Closed options that people may set from now on."""
        return self._(
            "{model}: people may now set {names} (was {before}). Other options that can change the"
            " cost, or replace the prompt or the picture, stay closed. None of them changes the"
            " price of a picture."
        ).format(
            model=code(entry.subject, SLUG_SHOWN),
            names=self._names(json.loads(entry.after)),
            before=self._names(json.loads(entry.before)),
        )

    def _names(self, names: Sequence[str]) -> str:
        return code(", ".join(names), VALUE_SHOWN) if names else self._("nothing")

    def options_wrong(self, error: PromptError, model: Model) -> str:
        """What was given is no object, or too large a one."""
        if isinstance(error, BadValueError) and isinstance(error.allowed, BytesUpTo):
            return self._(
                "The options must fit into {limit} bytes of JSON. Nothing was changed."
            ).format(limit=OPTIONS_BYTES)
        return self._("That is not a JSON object.") + " " + self.options_usage(model)

    def options_of_order(self, keys: Sequence[str]) -> str:
        """Keys that every order has itself."""
        return self._(
            "Every request sets this itself, so it cannot be an option of the model: {keys}."
            " Nothing was changed."
        ).format(keys=", ".join(map(code, keys)))

    def options_set(self, entry: Entry) -> str:
        """The new options."""
        return self._(
            "{model}: default options are now {options} (were {before}). Options in a prompt"
            " override them; jobs already placed keep theirs."
        ).format(
            model=code(entry.subject, SLUG_SHOWN),
            options=code(entry.after, VALUE_SHOWN),
            before=code(entry.before, VALUE_SHOWN),
        )


def _keys(model: Model) -> str:
    return ", ".join(model.options)
