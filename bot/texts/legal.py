"""Legal texts: privacy, terms, payment support, deletion of data."""

from collections.abc import Iterable, Sequence

from bot.texts.base import BaseTexts
from storage.packs import Pack

ADMINS_SHOWN, PACKS_SHOWN = 3, 20


class LegalTexts(BaseTexts):
    """/privacy, /terms, /paysupport, /delete_me. The team can put its own in their place."""

    def privacy(self, backup_days: int | None = None) -> str:
        """What is kept, why, and how to get rid of it; `backup_days`: how long it stays in backups
        after that, where there are any."""
        in_backups = (
            self._n(
                "Backups keep what was deleted for at most {n} more day.",
                "Backups keep what was deleted for at most {n} more days.",
                backup_days,
            ).format(n=backup_days)
            if backup_days is not None
            else ""
        )
        return "\n\n".join(
            (
                bold(self._("Privacy")),
                self._(
                    "What is stored: your Telegram id (not your phone number), name and language;"
                    " your settings; your prompts, the pictures you send and those drawn for you;"
                    " your purchases, who invited you, and every change of your balance."
                ),
                self._(
                    "Why: to draw, deliver and resend your pictures, and to account for tokens. It"
                    " is used for nothing else."
                ),
                self._(
                    "Who else sees it: the image service gets your prompt and the picture you send"
                    " with it, but not who you are. Pictures may be kept in cloud storage at"
                    " addresses nobody can guess."
                ),
                self._(
                    "/delete_me deletes all of it. What remains is without your name and id: token"
                    " entries; payments with their numbers, which the law requires; and a mark that"
                    " keeps gifts from being given twice. A ban remains, if there is one."
                ),
                *([in_backups] if in_backups else []),
            )
        )

    def terms(self, packs: Sequence[Pack]) -> str:
        """What holds between the person and the bot; with the price of what is on sale."""
        prices = ", ".join(
            f"{self.tokens(each.total)} — {each.stars} ★" for each in packs[:PACKS_SHOWN]
        )
        sold = (
            self._(
                "Tokens are sold for Telegram Stars: {prices}. Telegram shows the price again,"
                " before you pay."
            ).format(prices=prices),
            self._(
                "A purchase whose tokens are not spent is refunded when you ask for it in"
                " /paysupport: its tokens are taken back, and all of its Stars are returned. If you"
                " have spent some of them, the administrators decide. Tokens that were given for"
                " nothing are not exchanged for Stars."
            ),
        )
        return "\n\n".join(
            (
                bold(self._("Terms")),
                self._(
                    "Pictures and videos are paid for with tokens, at the price shown when you ask."
                    " Tokens for what is not made or not delivered are refunded automatically and"
                    " at once."
                ),
                *(sold if packs else ()),
                self._(
                    "Tokens only buy pictures and videos in this bot; they cannot be exchanged or"
                    " transferred."
                ),
                self._(
                    "You are responsible for what you ask for and how you use it. Do not ask for"
                    " anything illegal or harmful to others: such requests may be refused, and"
                    " people who persist may be banned."
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
                self._(
                    "Tokens for pictures that are not drawn are refunded automatically; /balance"
                    " shows every change."
                ),
                self._(
                    "More tokens: /buy. If something is wrong, write to {admins}. Say what"
                    " happened and when, and include your id: {number}."
                ).format(
                    admins=admins or self._("whoever runs this bot"),
                    number=f"<code>{user_id}</code>",
                ),
            )
        )

    def forget_question(self, balance: int) -> str:
        """Before everything goes."""
        text = self._(
            "Delete everything stored about you: prompts, pictures, settings, your name? The"
            " messages in this chat stay until you delete them yourself. What is not deleted is"
            " without your name and id: payments, as the law requires, and a mark that keeps gifts"
            " from being given twice."
        )
        if balance:
            text += " " + self._("Your balance of {tokens} will be lost.").format(
                tokens=self.tokens(balance)
            )
        return text + " " + self._("This cannot be undone.")

    def forget_button(self) -> str:
        """Yes, all of it."""
        return self._("Delete everything")

    def keep_button(self) -> str:
        """Rather not."""
        return self._("Keep my data")

    def forgotten(self, *, banned: bool = False) -> str:
        """It is done."""
        text = self._(
            "Everything stored about you has been deleted; files will be gone within minutes."
        )
        if banned:
            return text + " " + self._("Only your ban remains.")
        return text + " " + self._("If you write again, you start as a new user.")

    def not_forgotten(self) -> str:
        """The person thought better of it."""
        return self._("Nothing was deleted.")

    def forget_later(self) -> str:
        """Pictures are under way."""
        return self._(
            "Some of your pictures are still in progress. Cancel them or wait for them (/queue),"
            " then send /delete_me again. Nothing was deleted."
        )


def bold(text: str) -> str:
    """A title."""
    return f"<b>{text}</b>"
