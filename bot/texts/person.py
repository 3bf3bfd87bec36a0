"""What a person reads besides their requests: commands, the balance, the pace."""

from html import escape

from bot.texts.base import BaseTexts


class PersonTexts(BaseTexts):
    """/start, /help, /balance and the like."""

    def menu(self) -> dict[str, str]:
        """The commands that Telegram's menu offers everyone, with what they do."""
        return {
            "start": self._("begin"),
            "help": self._("how to ask for a picture"),
            "balance": self._("my tokens"),
            "settings": self._("my settings"),
            "model": self._("choose the model"),
            "language": self._("my language"),
            "history": self._("the pictures that came"),
            "queue": self._("what is not finished yet"),
            "cancel": self._("cancel what is not being drawn yet"),
        }

    def start(self, *, given: int, balance: int, price: int | None, max_quantity: int) -> str:
        """The first and every later /start."""
        parts = [self._("Hello! Write what to draw, and Midjourney will draw it.")]
        if given:
            parts.append(
                self._("You have {tokens} to begin with.").format(tokens=self.tokens(given))
            )
        else:
            parts.append(self._("You have {tokens}.").format(tokens=self.tokens(balance)))
        if price is not None:
            parts.append(self._("A picture costs {tokens}.").format(tokens=self.tokens(price)))
        return " ".join(parts) + "\n\n" + self._example(max_quantity) + "\n/help /balance"

    def gift(self, amount: int) -> str:
        """Welcome tokens were given to somebody who did not press /start."""
        return self._("A gift to begin with: {tokens}.").format(tokens=self.tokens(amount))

    def help(self, *, price: int | None, max_quantity: int) -> str:
        """How to ask for a picture, by example."""
        cost = (
            self._("No model is on sale right now.")
            if price is None
            else self._("A picture costs {tokens}; what fails is given back.").format(
                tokens=self.tokens(price)
            )
        )
        flags = (
            ("--ar 16:9", self._("aspect ratio: 1:1, 16:9, 9:16, 3:2 or 2:3")),
            ("--n 2", self._("how many pictures, up to {max}").format(max=max_quantity)),
            ("--q high", self._("quality: standard or high")),
            (
                "--no текст, рамка" if self.language == "ru" else "--no text, frame",
                self._("what must not be in the picture"),
            ),
            ("--cfg 0.7", self._("how closely to follow the prompt, 0 to 1")),
            (
                "--seed 42",
                self._("the same number gives a similar picture; also --chaos, --style, --mode"),
            ),
            ("--opt key=value", self._("any other option of the model; also --options {JSON}")),
        )
        lines = [f"<code>{escape(flag)}</code> — {text}" for flag, text in flags]
        return "\n".join(
            [
                self._("Write what to draw. Flags may follow:"),
                "",
                *lines,
                "",
                self._example(max_quantity),
                "",
                self._("A picture with words, or words in reply to a picture: I draw from it."),
                self._(
                    "Flags in reply to my picture, such as {flag}: I draw it again with them."
                ).format(flag="<code>--ar 9:16</code>"),
                self._("/settings keeps flags for all your requests, /model chooses the model."),
                "",
                cost,
                self._("/balance shows your tokens and where they went."),
                self._(
                    "/history — your pictures, /queue — what is not finished, /cancel — cancel what"
                    " waits."
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
            said = self._("{tokens} were taken from your balance.")
        else:
            said = self._("You were given {tokens}.")
        left = self._("Balance now: {balance}.").format(balance=balance)
        return f"{said.format(tokens=self.tokens(abs(amount)))} {left}"

    def too_fast(self) -> str:
        """More messages in a minute than anybody needs."""
        return self._(
            "That is too fast for me. Wait a minute; what you send meanwhile is not drawn and"
            " not charged."
        )
