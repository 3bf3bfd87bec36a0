"""What the operator of a bot that sells has to tell: privacy, terms, support, forgetting."""

from collections.abc import Iterable

from bot.texts.base import BaseTexts

ADMINS_SHOWN = 3


class DutyTexts(BaseTexts):
    """/privacy, /terms, /paysupport, /delete_me. The team can put its own in their place."""

    def privacy(self) -> str:
        """What is kept, why, and how to get rid of it."""
        return "\n\n".join(
            (
                bold(self._("Privacy")),
                self._(
                    "Kept here: your id in Telegram (not your phone number), name and language;"
                    " your settings; what you ask for, the pictures you send and those that are"
                    " drawn; and every movement of your tokens."
                ),
                self._(
                    "Why: to draw, to deliver, to send pictures again, and to account for tokens."
                    " Nothing else is done with it."
                ),
                self._(
                    "Who else sees it: the service that draws gets your prompt and the picture to"
                    " start from, but not who you are. Pictures may lie in cloud storage under"
                    " addresses that nobody can guess."
                ),
                self._(
                    "/delete_me removes all of it. What stays are token movements as bare numbers,"
                    " without you, and a ban, if there is one."
                ),
            )
        )

    def terms(self) -> str:
        """What holds between the person and the bot."""
        return "\n\n".join(
            (
                bold(self._("Terms")),
                self._(
                    "A picture is paid with tokens, at the price shown when you ask for it. What"
                    " is not drawn or not delivered is given back by itself, at once."
                ),
                self._(
                    "Tokens are for pictures in this bot; they cannot be exchanged or passed on."
                ),
                self._(
                    "You answer for what you ask for and how you use it. Ask for nothing illegal,"
                    " and nothing that harms others: such requests may be refused, and whoever"
                    " goes on may be shut out."
                ),
                self._("Questions about tokens and payments: /paysupport"),
            )
        )

    def paysupport(self, user_id: int, admin_ids: Iterable[int]) -> str:
        """Where to turn with a question of money."""
        word = self._("administrator")
        admins = ", ".join(
            f'<a href="tg://user?id={admin_id}">{word} {number}</a>'
            for number, admin_id in enumerate(sorted(admin_ids)[:ADMINS_SHOWN], 1)
        )
        return "\n\n".join(
            (
                bold(self._("Help with tokens and payments")),
                self._("What is not drawn is given back by itself; /balance shows every movement."),
                self._(
                    "For more tokens, or if something is wrong, write to {admins}. Say what it is"
                    " about, when it was, and your id here: {number}."
                ).format(
                    admins=admins or self._("whoever runs this bot"),
                    number=f"<code>{user_id}</code>",
                ),
            )
        )

    def forget_question(self, balance: int) -> str:
        """Before everything goes."""
        text = self._(
            "Remove everything that is kept of you: prompts, pictures, settings, your name? The"
            " messages in this chat stay until you delete them yourself."
        )
        if balance:
            text += " " + self._("Your {tokens} are lost with it.").format(
                tokens=self.tokens(balance)
            )
        return text + " " + self._("This cannot be undone.")

    def forget_button(self) -> str:
        """Yes, all of it."""
        return self._("Remove everything")

    def keep_button(self) -> str:
        """Rather not."""
        return self._("Keep it")

    def forgotten(self, *, banned: bool = False) -> str:
        """It is done."""
        text = self._("Everything that was kept of you is removed; files follow within minutes.")
        if banned:
            return text + " " + self._("Only this stays: the team has closed the bot for you.")
        return text + " " + self._("If you write again, you are new here.")

    def not_forgotten(self) -> str:
        """The person thought better of it."""
        return self._("Nothing was removed.")

    def forget_later(self) -> str:
        """Pictures are under way."""
        return self._(
            "Pictures of yours are still under way. Cancel them or wait for them (/queue), then"
            " send /delete_me again. Nothing was removed."
        )


def bold(text: str) -> str:
    """A title."""
    return f"<b>{text}</b>"
