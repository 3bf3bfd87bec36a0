"""Texts for everyone: /start, /help, the menu, grants, throttling."""

from collections.abc import Collection, Sequence
from html import escape

from bot.prompts.products import product_of
from bot.telegram.html import code
from bot.texts.choosing import ChoosingTexts
from providers.base import Product
from storage.catalogue import Model


class PersonTexts(ChoosingTexts):
    """/start, /help, /balance and the like."""

    def menu(self, hidden: Collection[str]) -> dict[str, str]:
        """The commands that Telegram's menu offers everyone, with what they do."""
        commands = {
            "start": self._("start the bot"),
            "help": self._("how to ask for a picture"),
            "balance": self._("my balance"),
            "buy": self._("buy tokens"),
            "daily": self._("free tokens for today"),
            "promo": self._("use a promo code"),
            "invite": self._("invite people and get tokens"),
            "settings": self._("my settings"),
            "model": self._("choose a model"),
            "language": self._("my language"),
            "history": self._("my pictures"),
            "queue": self._("what is in progress"),
            "cancel": self._("cancel what is still queued"),
        }
        return {name: text for name, text in commands.items() if name not in hidden}

    def start(
        self, model: Model | None, *, given: int, balance: int, max_quantity: int, on_sale: int = 1
    ) -> str:
        """The first and every later /start."""
        product = product_of(model)
        if product.is_film:
            hello = self._("Hello! Describe a video, and {product} will make it.")
        else:
            hello = self._("Hello! Write what to draw, and {product} will draw it.")
        parts = [hello.format(product=escape(product.name, quote=False))]
        if given:
            parts.append(
                self._("You have {tokens} to start with.").format(tokens=self.tokens(given))
            )
        else:
            parts.append(self._("You have {tokens}.").format(tokens=self.tokens(balance)))
        if model is not None:
            parts.append(self._costs(model))
        commands = "/help /balance"
        if on_sale > 1:
            parts.append(self._n("There is {n} model.", "There are {n} models.", on_sale))
            parts[-1] = parts[-1].format(n=on_sale)
            commands += " /model"
        example = self._example(product, max_quantity)
        return " ".join(parts) + "\n\n" + "\n".join(filter(None, (example, commands)))

    def _costs(self, model: Model) -> str:
        if model.product.is_film:
            return self._("A video: {price}.").format(price=self.price(model))
        return self._("A picture costs {tokens}.").format(tokens=self.least(model))

    def gift(self, amount: int) -> str:
        """Welcome tokens were given to somebody who did not press /start."""
        return self._("A welcome gift: {tokens}.").format(tokens=self.tokens(amount))

    def help(
        self,
        model: Model | None,
        *,
        max_quantity: int,
        others: Sequence[Model] = (),
        hidden: Collection[str] = (),
    ) -> str:
        """How to ask for a picture of the person's model, by example; `others` are on sale too,
        and the `hidden` commands are not offered."""
        product = product_of(model)
        is_film = product.is_film
        tools = [each for each in others if each.product.is_tool]
        parts = [self._how_to_begin(product), "", *self._flag_lines(product, max_quantity, others)]
        parts += filter(None, ["", self._example(product, max_quantity)])
        parts.append("")
        if product.picture is not None and product.models.text is not None:
            parts.append(
                self._(
                    "Send a picture with words, or reply to a picture with words, and I will make"
                    " a video from it."
                )
                if is_film
                else self._(
                    "Send a picture with words, or reply to a picture with words, and I will draw"
                    " from it."
                )
            )
        parts.append(
            self._(
                "Reply to my video with flags, such as {flag}, and I will make it again with them."
            ).format(flag=code(self.example_flag(product) or "--n 2"))
            if is_film
            else self._(
                "Reply to my picture with flags, such as {flag}, and I will draw it again with"
                " them."
            ).format(flag=code("--ar 9:16"))
        )
        if tools:
            said = self._("Reply to a picture with {flag} to use a tool on it.")
            parts.append(said.format(flag=code(f"--model {tools[0].slug}")))
        parts.append(
            self._("/settings sets defaults for all your requests, /model chooses the model.")
        )
        parts += [
            "",
            self._cost(model),
            self._("/balance shows your tokens and what they were spent on, /buy gets more."),
            self._(
                "/history — your pictures and videos, /queue — what is in progress, /cancel —"
                " cancel what is queued."
            ),
            " ".join(
                f"/{each}"
                for each in ("daily", "promo", "invite", "language", "paysupport", "terms")
                if each not in hidden
            )
            + " /privacy /delete_me",
        ]
        return "\n".join(parts)

    def _how_to_begin(self, product: Product) -> str:
        if product.models.text is None:
            return self._(
                "Send a picture, and describe below it what should happen. You can add flags after"
                " that:"
            )
        if product.is_film:
            return self._("Describe the video. You can add flags after the description:")
        return self._("Write what to draw. You can add flags after it:")

    def _flag_lines(
        self, product: Product, max_quantity: int, others: Sequence[Model]
    ) -> list[str]:
        """The flags of the product, and those of all."""
        said = {field.flag: self.field_help(field) for field in product.fields}
        flags = [
            (code(f"--{flag} {each[0]}".rstrip()), each[1]) for flag, each in said.items() if each
        ]
        quantity = (
            self._("how many videos, up to {max}")
            if product.is_film
            else self._("how many pictures, up to {max}")
        )
        flags.insert(1, (code("--n 2"), quantity.format(max=max_quantity)))
        if named := " ".join(code(f"--{flag}") for flag, each in said.items() if not each):
            also = self._("these work as in {product} itself")
            flags.append((named, also.format(product=escape(product.name, quote=False))))
        if product.open_options:
            any_other = self._("any other option of the model; also --options {JSON}")
            flags.append((code("--opt key=value"), any_other))
        if others:
            another = self._("another model, for this request; /model shows all of them")
            flags.append((code(f"--model {others[0].slug}"), another))
        return [f"{flag} — {text}" for flag, text in flags]

    def _cost(self, model: Model | None) -> str:
        if model is None:
            return self._("No model is on sale right now.")
        if model.product.is_film:
            return self._("A video: {price}; failed videos are refunded.").format(
                price=self.price(model)
            )
        return self._("A picture costs {tokens}; failed pictures are refunded.").format(
            tokens=self.least(model)
        )

    def _example(self, product: Product, max_quantity: int) -> str:
        if product.models.text is None:
            return ""
        example = self.example(product)
        if max_quantity > 1 and not product.is_film:
            example += " --n 2"
        return self._("For example: {line}").format(line=code(example))

    def unknown_command(self) -> str:
        """For a command that there is not."""
        return self._("There is no such command. /help shows what I can do.")

    def grant_received(self, amount: int, balance: int) -> str:
        """What the person reads."""
        if amount < 0:
            said = self._("Taken from your balance: {tokens}.")
        else:
            said = self._("You received {tokens}.")
        left = self._("Balance now: {balance}.").format(balance=balance)
        return f"{said.format(tokens=self.tokens(abs(amount)))} {left}"

    def too_fast(self) -> str:
        """More messages in a minute than anybody needs."""
        return self._(
            "You are sending messages too fast. Wait a minute; anything you send meanwhile is"
            " neither drawn nor charged."
        )
