"""What the admins read."""

from bot.failures import FailureKind
from bot.texts.base import BaseTexts, quoted

DETAIL_SHOWN = 500


class AdminTexts(BaseTexts):
    """Answers to admin commands, and alerts."""

    def grant_usage(self) -> str:
        """How to use /grant."""
        form = "<code>/grant USER_ID TOKENS [note]</code>"
        example = "<code>/grant 1001 500</code>"
        return self._("The form is {form}, for example {example}. Nothing was changed.").format(
            form=form, example=example
        )

    def granted(self, user_id: int, amount: int, balance: int) -> str:
        """What the admin reads."""
        return self._("{tokens} for {user}. Balance now: {balance}.").format(
            tokens=self.tokens(amount), user=f"<code>{user_id}</code>", balance=balance
        )

    def grant_unknown_user(self, user_id: int) -> str:
        """Nobody by that id."""
        return self._(
            "{user} has never talked to the bot: they have to press /start first."
            " Nothing was changed."
        ).format(user=f"<code>{user_id}</code>")

    def grant_too_much(self, balance: int) -> str:
        """More would be taken than there is."""
        return self._("They have only {tokens}. Nothing was changed.").format(
            tokens=self.tokens(balance)
        )

    def upload_alert(self, what: str) -> str:
        """Pictures that people send cannot be uploaded."""
        return f"⚠️ {quoted(what, DETAIL_SHOWN)}\n" + self._("People get their tokens back.")

    def alert(self, kind: FailureKind, detail: str, product: str) -> str:
        """What an admin has to know about the provider's account, and what to do."""
        said = quoted(detail, DETAIL_SHOWN)
        if kind is FailureKind.NO_CREDIT:
            todo = self._("The KIE account is out of credit. Top it up at kie.ai/billing.")
        else:
            todo = self._(
                "KIE does not accept the key, or the key is over its cap. Check it at"
                " kie.ai/api-key and in the settings."
            )
        return f"⚠️ {product}: {said}\n{todo} " + self._("People get their tokens back.")
