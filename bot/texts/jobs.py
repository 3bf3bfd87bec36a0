"""Texts about a job: progress and outcome; why an item failed is in failures.py."""

from bot.telegram.html import clip_units, fitted
from bot.texts.failures import DETAIL_UNITS, FailureTexts
from storage.failures import FailureKind
from storage.items import ItemStatus, JobView
from storage.jobs import Cancelled

BAR = 10  # characters
REFUNDED = frozenset({ItemStatus.FAILED, ItemStatus.CANCELLED})


class JobTexts(FailureTexts):
    """The progress message, failures, captions."""

    def progress(
        self,
        view: JobView,
        *,
        product: str,
        position: int | None,
        left_s: float | None,
        drawn: float = 0.0,
    ) -> str:
        """The one message of a job: while it runs, and what it came to at the end."""
        if view.ended:
            head = "\n".join([self._outcome(view), *self._source(view)])
            money = self._money(view)
            return fitted(
                lambda length: "\n".join([head, *self._failures(view, product, length), money]),
                DETAIL_UNITS,
            )
        lines = self.state_of(view, position)
        if view.items[0].status is not ItemStatus.QUEUED:
            lines.append(bar(drawn))
        if left_s is not None and left_s > 0:  # else it takes longer than usual
            lines.append(self._("About {time} left.").format(time=self._time(left_s)))
        failed = sum(item.status is ItemStatus.FAILED for item in view.items)
        if failed:
            lines.append(self._("Failed so far: {failed}.").format(failed=failed))
        return "\n".join([*lines, self._money(view)])

    def _money(self, view: JobView) -> str:
        refunded = sum(item.cost for item in view.items if item.status in REFUNDED)
        if refunded:
            money = self._("Charged {tokens}, refunded {refunded}. Balance: {balance}.")
        else:
            money = self._("Charged {tokens}. Balance: {balance}.")
        charged = self.tokens(sum(item.cost for item in view.items))
        return money.format(tokens=charged, refunded=refunded, balance=view.balance)

    def state_of(self, view: JobView, position: int | None) -> list[str]:
        """How far an unfinished job is: sentences."""
        count = len(view.items)
        done = sum(item.status is ItemStatus.DELIVERED for item in view.items)
        late = sum(item.comes_late for item in view.items)
        # Before the queue, or right after a start
        waits = position is None and view.items[0].status is ItemStatus.QUEUED
        parts = []
        if count > 1:
            parts.append(self._("Done: {done} of {count}.").format(done=done, count=count))
        if position is not None:
            parts.append(self._("Place in the queue: {place}.").format(place=position))
        elif waits:
            parts.append(
                self._n("Preparing your picture.", "Preparing your {n} pictures.", inputs).format(
                    n=inputs
                )
                if (inputs := len(view.order.inputs))
                else self._("Your request is in the queue.")
            )
        elif count == 1 and not late:
            parts.append(
                self._("Working on your picture.")
                if view.model.product.is_tool
                else self.being_made(view.media)
            )
        if late:
            parts.append(self.comes_late(view.media, late))
        return parts if waits else [*parts, *self._source(view)]

    def _source(self, view: JobView) -> list[str]:
        """What the job starts from, where that is a picture, or several."""
        count = len(view.order.inputs)
        source = self._n("Based on your picture.", "Based on your {n} pictures.", count)
        return [source.format(n=count)] if count else []

    def _time(self, seconds: float) -> str:
        """A time to come, as roughly as it is known."""
        if seconds < 55:
            return self._("{n} s").format(n=max(round(seconds / 10) * 10, 5))
        return self._("{n} min").format(n=max(round(seconds / 60), 1))

    def _outcome(self, view: JobView) -> str:
        items = view.items
        count = len(items)
        done = sum(item.status is ItemStatus.DELIVERED for item in items)
        cancelled = sum(item.status is ItemStatus.CANCELLED for item in items)
        if cancelled == count:
            return self._("Cancelled.")
        if done == count:
            return self.all_arrived(view.media, count)
        text = self.some_arrived(view.media, done, count)
        if cancelled:
            text += " " + self._("Cancelled: {n}.").format(n=cancelled)
        return text

    def failures(self, view: JobView, *, product: str) -> str:
        """Why items of the job failed and what was given back, one line for each reason; empty
        where none did."""
        return fitted(lambda length: "\n".join(self._failures(view, product, length)), DETAIL_UNITS)

    def _failures(self, view: JobView, product: str, length: int) -> list[str]:
        """One line for what reads the same in so many units of the provider's words."""
        given_back: dict[tuple[str, str], int] = {}
        for item in view.items:
            if item.failure is not None:
                reason = (item.failure, clip_units(item.failure_detail, length))
                given_back[reason] = given_back.get(reason, 0) + item.cost
        return [
            self._("{reason} Refunded: {tokens}.").format(
                reason=self.failure(
                    FailureKind(kind),
                    detail,
                    product,
                    view.media,
                    in_words=not view.model.product.is_tool,
                ),
                tokens=self.tokens(tokens),
            )
            for (kind, detail), tokens in given_back.items()
        ]

    def cancel_button(self) -> str:
        """Under the progress message."""
        return self._("Cancel")

    def cancelled(self, cancelled: Cancelled, *, dropped: int = 0) -> str:
        """What a cancel came to: which is which."""
        count = len(cancelled.moved)
        parts = []
        if dropped:
            parts.append(
                self._n(
                    "The picture waiting for a prompt was discarded.",
                    "The {n} pictures waiting for a prompt were discarded.",
                    dropped,
                ).format(n=dropped)
            )
        elif not count and not cancelled.running:
            return self._("There is nothing to cancel.")
        if count:
            parts.append(
                self._("Cancelled: {n}. Refunded: {tokens}. Balance: {balance}.").format(
                    n=count,
                    tokens=self.tokens(cancelled.refunded),
                    balance=cancelled.balance,
                )
            )
        if cancelled.running:
            parts.append(
                self._("Already in progress and will still arrive: {n}.").format(
                    n=cancelled.running
                )
            )
        return " ".join(parts)


def bar(part: float) -> str:
    """`▰▰▰▱▱▱▱▱▱▱` for 0.3."""
    full = min(max(int(part * BAR), 0), BAR)
    return "▰" * full + "▱" * (BAR - full)
