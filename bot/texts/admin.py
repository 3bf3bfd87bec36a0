"""Texts for the admins: the menu, usage, alerts."""

from collections.abc import Collection

from bot.telegram.html import code, quoted
from bot.texts.base import BaseTexts
from storage.failures import FailureKind

DETAIL_SHOWN = 500


class AdminTexts(BaseTexts):
    """The menu, wrong use, and alerts; the answers stand in admin_*.py."""

    def admin_menu(self, hidden: Collection[str] = ()) -> dict[str, str]:
        """The commands that Telegram's menu offers an admin besides everyone's."""
        commands = {
            "models": self._("the catalogue"),
            "price": self._("prices: SLUG [FIELD=VALUE] TOKENS"),
            "enable": self._("put a model on sale: SLUG"),
            "disable": self._("hide a model: SLUG"),
            "rename": self._("rename a model: SLUG NAME"),
            "describe": self._("describe a model: SLUG TEXT"),
            "position": self._("move a model in the list: SLUG N"),
            "addmodel": self._("sell another model of KIE's: NAME"),
            "removemodel": self._("remove an added model: SLUG"),
            "options": self._("set a model's default options: SLUG {JSON}"),
            "grant": self._("give or take tokens: USER TOKENS"),
            "user": self._("everything about a person: USER"),
            "packs": self._("the packs of tokens"),
            "pack": self._("set or add a pack: SLUG STARS TOKENS"),
            "packon": self._("put a pack on sale: SLUG"),
            "packoff": self._("take a pack off sale: SLUG"),
            "promo": self._("make a promo code: CODE TOKENS"),
            "promos": self._("all promo codes"),
            "promooff": self._("switch a promo code off: CODE"),
            "promoon": self._("switch a promo code on again: CODE"),
            "refund": self._("give a purchase's money back: PAYMENT REASON"),
            "transfers": self._("transfers that wait for a decision"),
            "ban": self._("ban a person: USER REASON"),
            "unban": self._("lift a ban: USER"),
            "maintenance": self._("pause new prompts: on TEXT, off"),
            "stats": self._("statistics with a chart: DAYS"),
            "jobs": self._("what is queued and running"),
            "kie": self._("the KIE account: credit, limits, errors"),
            "broadcast": self._("send a message to everyone"),
            "audit": self._("check the database and show the journal"),
            "admin": self._("the panel"),
        }
        return {name: text for name, text in commands.items() if name not in hidden}

    def usage(self, form: str, *examples: str) -> str:
        """A command was used wrong: the right form, with examples."""
        return self._("Usage: {form}. For example: {example}. Nothing was changed.").format(
            form=code(form), example=", ".join(map(code, examples))
        )

    def too_long(self, length: int, limit: int) -> str:
        """A text of the admin's that does not fit."""
        return self._(
            "The text has {length} characters; the limit is {limit}. Nothing was changed."
        ).format(length=length, limit=limit)

    def upload_alert(self, what: str) -> str:
        """Pictures that people send cannot be uploaded."""
        return f"⚠️ {quoted(what, DETAIL_SHOWN)}\n" + self._("People get their tokens back.")

    def fault_alert(self, item_id: int) -> str:
        """An item failed through a fault of the bot's own."""
        return "⚠️ " + self._(
            "Item {id} failed because of an error in the bot itself and was refunded. See the log"
            " for details; repeats of this error are only logged."
        ).format(id=item_id)

    def mismatch_alert(self, detail: str, product: str) -> str:
        """What was not sent, and why."""
        todo = self._(
            "KIE describes this model in another way than the bot uses it, so the request was not"
            " sent: KIE would ignore the field and bill its own default. See main.py doctor."
        )
        said = quoted(detail, DETAIL_SHOWN)
        return f"⚠️ {product}: {said}\n{todo} " + self._("People get their tokens back.")

    def alert(self, kind: FailureKind, detail: str, product: str) -> str:
        """What an admin has to know about the provider's account, and what to do."""
        said = quoted(detail, DETAIL_SHOWN)
        if kind is FailureKind.NO_CREDIT:
            todo = self._("The KIE account is out of credit. Top it up at kie.ai/billing.")
        else:
            todo = self._(
                "KIE rejects the API key, or the key has reached its spending cap. Check it at"
                " kie.ai/api-key and in the settings."
            )
        return f"⚠️ {product}: {said}\n{todo} " + self._("People get their tokens back.")
