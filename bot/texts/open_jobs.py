"""Texts of /jobs: queued and running items."""

from bot.telegram.html import clip, code, quoted
from bot.texts.numbers import NumberTexts
from storage.admin_items import OpenItem
from storage.items import ItemStatus

NAME_SHOWN = 24
PROMPT_SHOWN = 600


class OpenJobTexts(NumberTexts):
    """Around /jobs."""

    def open_head(self, total: int) -> str:
        """Above the list."""
        if not total:
            return self._("Nothing is queued or running.")
        return self._("Queued and running: {n}, oldest first.").format(n=self.number(total))

    def open_line(self, item: OpenItem, now: float) -> str:
        """One item, short."""
        age = self.duration(max(now - item.created_at, 0))
        return f"<b>{item.item_id}</b> · {age} · {self.state(item.status)} · {self._who(item)}"

    def open_card(self, item: OpenItem, now: float) -> str:
        """One item, with what its ending would mean."""
        lines = [
            self.open_line(item, now),
            quoted(item.model_name, 100),
        ]
        if item.prompt:
            lines.append(f"<blockquote>{quoted(item.prompt, PROMPT_SHOWN)}</blockquote>")
        if item.task_id:
            lines.append(self._("Task: {task}").format(task=code(item.task_id, 100)))
        if item.status.ended:
            lines.append(self._("It has ended."))
        else:
            lines.append(
                self._(
                    "If it is stuck, end it: the person is refunded {tokens} and notified. If KIE"
                    " still finishes it, it is not sent, and KIE may bill it."
                ).format(tokens=self.tokens(item.cost))
            )
        return "\n".join(lines)

    def give_up_button(self, item: OpenItem) -> str:
        """The button that ends it."""
        return self._("End it, refund {tokens}").format(tokens=self.tokens(item.cost))

    def open_back_button(self) -> str:
        """To the list."""
        return self._("Back")

    def given_up(self, item: OpenItem) -> str:
        """After it was ended."""
        return self._("Ended. Refunded {tokens} to {who}, who will be notified.").format(
            tokens=self.tokens(item.cost), who=self._who(item)
        )

    def not_given_up(self) -> str:
        """It cannot be ended."""
        return self._("It has already ended, or is being sent right now. Nothing was changed.")

    def state(self, status: ItemStatus) -> str:
        """A state in a word."""
        match status:
            case ItemStatus.QUEUED:
                return self._("queued")
            case ItemStatus.SUBMITTING:
                return self._("being sent to KIE")
            case ItemStatus.GENERATING:
                return self._("being made by KIE")
            case ItemStatus.READY:
                return self._("being delivered")
            case ItemStatus.DELIVERED:
                return self._("delivered")
            case ItemStatus.FAILED:
                return self._("failed, refunded")
            case ItemStatus.CANCELLED:
                return self._("cancelled, refunded")

    def _who(self, item: OpenItem) -> str:
        name = f"@{item.username}" if item.username else clip(item.first_name, NAME_SHOWN)
        return f"{quoted(name, 40)} {code(str(item.user_id))}".strip()
