"""Texts of /settings, the question before a charge, and /balance."""

from collections.abc import Sequence
from typing import Any

from babel import Locale

from bot.telegram.html import code, quoted
from bot.texts.choosing import NAME_SHOWN, ChoosingTexts
from bot.texts.fields import WORDS_SHOWN
from bot.texts.ledger_kinds import LedgerKindTexts
from providers.base import Field, Media, Product, Text
from providers.order import Order
from storage.catalogue import Model
from storage.ledger import Movement
from storage.questions import Question

PROMPT_SHOWN = 700
MOVEMENT_SHOWN = 40


class SettingsTexts(ChoosingTexts, LedgerKindTexts):
    """/settings, /language, the question before a charge, /balance."""

    # --- The card and its menus

    def settings(
        self,
        lines: Sequence[tuple[str, str]],
        *,
        model: Model | None,
        off_sale: str | None,
        cost: int | None,
        balance: int,
        flag: str,
    ) -> str:
        """What holds for the person's requests (names and values), and what one costs, None: one
        of the values is not on sale; `flag` is an example of one."""
        title = self._("Settings")
        parts = [f"<b>{title}</b>", *(f"{label}: {value}" for label, value in lines)]
        parts.append("")
        if off_sale is not None and model is not None:
            parts.append(self.drawn_by_another(off_sale, model))
        if model is None:
            parts.append(self._("No model is on sale right now."))
        elif cost is None:
            parts.append(
                self._("A request cannot be taken with these settings: a value is not on sale now.")
            )
        else:
            parts.append(
                self._("A request now costs {tokens}; you have {balance}.").format(
                    tokens=self.tokens(cost), balance=self.tokens(balance)
                )
            )
        if flag:
            said = self._("A flag in a prompt, such as {flag}, overrides these.")
            parts.append(said.format(flag=code(flag)))
        return "\n".join(parts)

    def value_off_sale(self, shown: str) -> str:
        """A value that was kept, and cannot be had now."""
        return self._("{value} (not on sale)").format(value=shown)

    def setting(self, what: str) -> str:
        """The name of a setting, on the card and on its button."""
        match what:
            case "model":
                return self._("Model")
            case "n":
                return self._("Pictures per request")
            case "ask":
                return self._("Ask before charging")
            case "lang":
                return self._("Language")
            case _:
                raise ValueError(what)

    def setting_menu(self, what: str) -> str:
        """Above the choices for one setting."""
        title = f"<b>{self.setting(what)}</b>"
        if what != "ask":
            return title
        return f"{title}\n" + self._(
            "I show you what would be drawn and what it costs first. “When in doubt” means"
            " greetings, questions, single words and the like, and what costs more than you are"
            " used to."
        )

    def field_menu(self, field: Field, value: Any) -> str:
        """Above the choices for a field of the product."""
        title = f"<b>{self.field(field)}</b>"
        if isinstance(field.kind, Text):
            title += f": {self.value(field, value, WORDS_SHOWN)}"
        hint = self.field_hint(field)
        return f"{title}\n{hint}" if hint else title

    def telegram_language(self) -> str:
        """No language of one's own."""
        return self._("same as in Telegram")

    def when_asked(self, when: str | None) -> str:
        """When the question before a charge comes."""
        match when:
            case "always":
                return self._("always")
            case "never":
                return self._("never")
            case _:
                return self._("when in doubt")

    def back_button(self) -> str:
        """From a menu to the card."""
        return self._("‹ Settings")

    def write_button(self) -> str:
        """To write a text."""
        return self._("Edit")

    def remove_button(self) -> str:
        """To have none."""
        return self._("Clear")

    def write_words(self, field: Field) -> str:
        """The next words are for a field of the product."""
        if field.param == "negative_prompt":
            return self._(
                "Send what should not appear as your next message, within ten minutes. It will not"
                " be drawn and costs nothing."
            )
        return self._(
            "{name}: send it as your next message, within ten minutes. It will not be drawn and"
            " costs nothing."
        ).format(name=self.field(field))

    def words_kept(self, field: Field, words: str) -> str:
        """They came."""
        shown = quoted(words, WORDS_SHOWN)
        if field.param == "negative_prompt":
            return self._("The negative prompt is now “{words}”. Nothing was charged.").format(
                words=shown
            )
        return self._("{name} is now “{words}”. Nothing was charged.").format(
            name=self.field(field), words=shown
        )

    def words_too_long(self, field: Field, words: str) -> str:
        """Why they cannot be kept; empty where they can."""
        limit = field.kind.limit if isinstance(field.kind, Text) else 0
        if len(words) <= limit:
            return ""
        return self._(
            "That is {length} characters; the limit is {limit}. Send something shorter. Nothing was"
            " charged."
        ).format(length=len(words), limit=limit)

    def setting_gone(self) -> str:
        """In answer to a press on an old button."""
        return self._("This can no longer be chosen. Nothing was changed.")

    # --- The question before a charge

    def question(
        self,
        question: Question,
        model: Model,
        balance: int,
        off_sale: str | None,
        left_out: str = "",
        *,
        dearer: bool = False,
    ) -> str:
        """What would be drawn, and for how much; a late order waited while the bot was down.
        `left_out` says which pictures of an album it does not start from; one that is `dearer`
        costs more than the person is used to."""
        order, origin, media = question.order, question.origin, model.product.media
        if question.doubt and media is Media.FILM:
            title = self._("Shall I make a video of this?")
        elif question.doubt:
            title = self._("Shall I draw a picture of this?")
        elif origin.late and draws(model.product):
            title = self._("I was offline when you sent this. Shall I draw it now?")
        elif origin.late:
            title = self._("I was offline when you sent this. Shall I make it now?")
        elif dearer:
            title = self._("This costs more than usual. Shall I go on?")
        elif draws(model.product):
            title = self._("Shall I draw this?")
        else:
            title = self._("Shall I make this?")
        parts = [title]
        if order.prompt:
            prompt = quoted(order.prompt, PROMPT_SHOWN)
            parts.append(f"<blockquote expandable>{prompt}</blockquote>")
        if not question.doubt:
            parts += self._facts(order, model)
        if inputs := len(order.inputs):
            source = self._n(
                "It will be based on your picture.",
                "It will be based on your {n} pictures.",
                inputs,
            )
            parts.append(source.format(n=inputs))
        if left_out:
            parts.append(left_out)
        if off_sale is not None:
            parts.append(self.drawn_by_another(off_sale, model))
        pictures, tokens = self.results(media, order.quantity), self.tokens(question.cost)
        if not question.doubt:
            parts.append(
                self._(
                    "{pictures} for {tokens}; you have {balance}. Nothing is charged yet."
                ).format(pictures=pictures, tokens=tokens, balance=self.tokens(balance))
            )
            return "\n".join(parts)
        # Of words that may be none for a picture: short, as in a conversation.
        parts.append(
            self._("{pictures} for {tokens}; {left} will be left. Nothing is charged yet.").format(
                pictures=pictures, tokens=tokens, left=balance - question.cost
            )
        )
        if origin.in_private:  # where it is answered
            parts.append(self._("How it works: /help"))
        return "\n".join(parts)

    def _facts(self, order: Order, model: Model) -> list[str]:
        """How it would be made."""
        product = model.product
        of_model = {key: each for key, each in model.options.items() if key not in order.named}
        said = {**order.params, **of_model, **order.options}  # as a job is placed
        texts = [field for field in product.fields if isinstance(field.kind, Text)]
        return [
            " · ".join([quoted(model.name, NAME_SHOWN), *self.facts(product, said)]),
            *(
                f"{self.field(field)}: {self.value(field, said[field.param], WORDS_SHOWN)}"
                for field in texts
                if said.get(field.param)
            ),
        ]

    def how_to_ask(self, price: int, media: Media, *, balance: int, in_group: bool) -> str:
        """In place of the question where the balance would not cover a picture: whoever says hello
        did not ask for one. What is left is nobody else's business in a group."""
        is_film = media is Media.FILM
        example = self._("a red fox in the snow")
        text = (
            self._("Describe a video, and I'll make it. For example: {line}.")
            if is_film
            else self._("Describe a picture, and I'll draw it. For example: {line}.")
        ).format(line=code(f"/draw {example}" if in_group else example))
        if in_group:
            cost = (
                self._("A video costs {tokens}.")
                if is_film
                else self._("A picture costs {tokens}.")
            )
            return f"{text} " + cost.format(tokens=self.tokens(price))
        cost = (
            self._("A video costs {tokens}; you have {balance}.")
            if is_film
            else self._("A picture costs {tokens}; you have {balance}.")
        ).format(tokens=self.tokens(price), balance=balance)
        return f"{text} {cost} /help"

    def yes_button(self, product: Product) -> str:
        """Under the question."""
        return self._("Draw") if draws(product) else self._("Make it")

    def no_button(self, product: Product) -> str:
        """Under the question."""
        return self._("Don't draw") if draws(product) else self._("Don't")

    def never_button(self) -> str:
        """Under the question of words in doubt."""
        return self._("Yes, and don't ask again")

    def asked_no_more(self) -> str:
        """In answer to a press of that."""
        return self._("Started. I won't ask again; /settings changes that.")

    def question_dropped(self) -> str:
        """In place of the question, when the person does not want it."""
        return self._("All right, I won't. Nothing was charged.")

    def question_gone(self) -> str:
        """In answer to a press: it was answered before, or is too old, or somebody else's."""
        return self._(
            "This question has been answered, has expired, or is not yours. Write what to draw if"
            " you want a picture. Nothing was charged."
        )

    def question_answered(self) -> str:
        """In answer to a press after the one that drew it."""
        return self._("This request has already been accepted. Nothing more was charged.")

    def price_changed(self) -> str:
        """In answer to a press: look again."""
        return self._("The price has changed. Please check it again. Nothing was charged.")

    # --- A model that is not on sale any more

    def drawn_by_another(self, off_sale: str, model: Model) -> str:
        """The model that was chosen is off."""
        return self._(
            "{name} is not on sale right now; {other} is used instead: {price}. /model"
        ).format(
            name=quoted(off_sale, NAME_SHOWN),
            other=quoted(model.name, NAME_SHOWN),
            price=self.price(model),
        )

    def model_went_off_sale(self, name: str) -> str:
        """It was on sale when the question was asked."""
        return self._(
            "{name} is no longer on sale. Nothing was charged. Send the prompt again to use another"
            " model. /model"
        ).format(name=quoted(name, NAME_SHOWN))

    # --- The balance

    def balance(self, balance: int, model: Model | None, movements: Sequence[Movement] = ()) -> str:
        """Begins with the number of tokens left, and what they are enough for of the person's
        model; the last movements, the latest first."""
        text = self._n("{n} token left.", "{n} tokens left.", balance).format(n=balance)
        if model is not None:
            media = model.product.media
            if enough := balance // model.price:
                said = self._("Enough for {pictures}.")
                text += " " + said.format(pictures=self.results(media, enough))
            elif media is Media.FILM:
                text += " " + self._("Not enough for a video.")
            else:
                text += " " + self._("Not enough for a picture.")
            if not enough:
                text += " " + self._("More tokens: /buy")
        if movements:
            text += "\n\n" + "\n".join(self._movement(each) for each in movements)
        return text

    def _movement(self, movement: Movement) -> str:
        amount = f"{movement.amount:+}".replace("-", "−")
        return f"{self.day(movement.created_at)}: <b>{amount}</b>, {self._reason(movement)}"

    def _reason(self, movement: Movement) -> str:
        about = ""
        if movement.asked_for:
            about = self._("“{words}”").format(words=quoted(movement.asked_for, MOVEMENT_SHOWN))
        match movement.kind:
            case "welcome":
                return self._("welcome gift")
            case "grant":
                # the note to it is for the admins
                given = movement.amount > 0
                return self._("from the team") if given else self._("taken by the team")
            case "charge":
                return " ".join(
                    filter(None, [self.results(movement.media, movement.entries), about])
                )
            case "refund":
                return " ".join(filter(None, [self._("refund"), about]))
            case other:
                return self.ledger_kind(other)


def draws(product: Product) -> bool:
    """Whether it makes a picture of words: of films and tools another word is used."""
    return product.media is Media.IMAGE and not product.is_tool


def language_name(language: str) -> str:
    """A language in its own words: "Русский"."""
    name = Locale.parse(language).get_display_name() or language
    return name[:1].upper() + name[1:]
