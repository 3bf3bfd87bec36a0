"""Texts for everyone: /start, /help, the menu, grants, throttling."""

from html import escape

from bot.prompts.products import product_of
from bot.telegram.html import code
from bot.texts.fields import FieldTexts
from storage.catalogue import Model


class PersonTexts(FieldTexts):
    """/start, /help, /balance and the like."""

    def menu(self) -> dict[str, str]:
        """The commands that Telegram's menu offers everyone, with what they do."""
        return {
            "start": self._("start the bot"),
            "help": self._("how to ask for a picture"),
            "balance": self._("my balance"),
            "settings": self._("my settings"),
            "model": self._("choose a model"),
            "language": self._("my language"),
            "history": self._("my pictures"),
            "queue": self._("what is in progress"),
            "cancel": self._("cancel what is still queued"),
        }

    def start(self, model: Model | None, *, given: int, balance: int, max_quantity: int) -> str:
        """The first and every later /start."""
        hello = self._("Hello! Write what to draw, and {product} will draw it.")
        parts = [hello.format(product=escape(product_of(model).name, quote=False))]
        if given:
            parts.append(
                self._("You have {tokens} to start with.").format(tokens=self.tokens(given))
            )
        else:
            parts.append(self._("You have {tokens}.").format(tokens=self.tokens(balance)))
        if model is not None:
            cost = self._("A picture costs {tokens}.")
            parts.append(cost.format(tokens=self.tokens(model.price)))
        return " ".join(parts) + "\n\n" + self._example(max_quantity) + "\n/help /balance"

    def gift(self, amount: int) -> str:
        """Welcome tokens were given to somebody who did not press /start."""
        return self._("A welcome gift: {tokens}.").format(tokens=self.tokens(amount))

    def help(self, model: Model | None, *, max_quantity: int) -> str:
        """How to ask for a picture, by example."""
        product = product_of(model)
        cost = (
            self._("No model is on sale right now.")
            if model is None
            else self._("A picture costs {tokens}; failed pictures are refunded.").format(
                tokens=self.tokens(model.price)
            )
        )
        said = {field.flag: self.field_help(field) for field in product.fields}
        flags = [(code(f"--{flag} {each[0]}"), each[1]) for flag, each in said.items() if each]
        quantity = self._("how many pictures, up to {max}").format(max=max_quantity)
        flags.insert(1, (code("--n 2"), quantity))
        if named := " ".join(code(f"--{flag}") for flag, each in said.items() if not each):
            also = self._("these work as in {product} itself")
            flags.append((named, also.format(product=escape(product.name, quote=False))))
        others = self._("any other option of the model; also --options {JSON}")
        flags.append((code("--opt key=value"), others))
        lines = [f"{flag} — {text}" for flag, text in flags]
        return "\n".join(
            [
                self._("Write what to draw. You can add flags after it:"),
                "",
                *lines,
                "",
                self._example(max_quantity),
                "",
                self._(
                    "Send a picture with words, or reply to a picture with words, and I will draw"
                    " from it."
                ),
                self._(
                    "Reply to my picture with flags, such as {flag}, and I will draw it again with"
                    " them."
                ).format(flag="<code>--ar 9:16</code>"),
                self._("/settings sets defaults for all your requests, /model chooses the model."),
                "",
                cost,
                self._("/balance shows your tokens and what they were spent on."),
                self._(
                    "/history — your pictures, /queue — what is in progress, /cancel — cancel what"
                    " is queued."
                ),
                "/language /paysupport /terms /privacy /delete_me",
            ]
        )

    def _example(self, max_quantity: int) -> str:
        example = self._("a red fox in the snow --ar 16:9")
        if max_quantity > 1:
            example += " --n 2"
        return self._("For example: {line}").format(line=f"<code>{example}</code>")

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
