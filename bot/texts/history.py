"""Texts of /history and /queue."""

from collections.abc import Sequence

from bot.telegram.html import quoted
from bot.texts.jobs import JobTexts
from storage.gallery import Page
from storage.inputs import Held
from storage.items import JobView

PROMPT_SHOWN, NAME_SHOWN = 120, 30  # of each line: a page has to fit into one message


class HistoryTexts(JobTexts):
    """/history and /queue."""

    def history(self, page: Page) -> str:
        """A page of pictures, numbered as its buttons are."""
        if not page.pictures:
            return self._(
                "No pictures or videos yet. Write what to draw, and they will be listed here."
            )
        lines = [
            f"{number}. {self.day(each.finished_at)} · {_asked_for(each.model, each.prompt)}"
            for number, each in enumerate(page.pictures, 1)
        ]
        title = self._("Your pictures and videos, newest first")
        hint = self._("Press a number to get it again, free of charge.")
        return f"<b>{title}</b>\n" + "\n".join(lines) + f"\n\n{hint}"

    def newer_button(self) -> str:
        """The page before."""
        return self._("‹ Newer")

    def older_button(self) -> str:
        """The page after."""
        return self._("Older ›")

    def queue(self, jobs: Sequence[tuple[JobView, int | None]], held: Held | None) -> str:
        """What is not finished yet, each with its place in the queue where it has one, and what
        waits for words."""
        waits = ""
        if held is not None:
            waits = self._n(
                "Your picture is waiting for a prompt, {time} left. Your next request will start"
                " from it.",
                "Your {n} pictures are waiting for a prompt, {time} left. Your next request will"
                " start from them.",
                len(held.inputs),
            ).format(n=len(held.inputs), time=self._time(held.left_s))
        if not jobs:
            nothing = self._("Nothing is queued or being drawn. Write what to draw.")
            return waits or nothing
        lines = []
        for number, (view, position) in enumerate(jobs, 1):
            state = " ".join(self.state_of(view, position))
            asked_for = _asked_for(view.model.name, view.order.prompt)
            lines.append(f"{number}. {asked_for}\n{state}")
        title = self._("In progress")
        hint = self._("Pictures being drawn will arrive; queued ones can be cancelled.")
        text = f"<b>{title}</b>\n" + "\n".join(lines) + f"\n\n{hint}"
        return f"{text}\n\n{waits}" if waits else text

    def drop_held_button(self, count: int) -> str:
        """Forgets what waits for words."""
        return self._n("Discard the picture", "Discard the pictures", count)

    def drop_button(self, number: int) -> str:
        """Cancels that line of the list."""
        return self._("Cancel {number}").format(number=number)

    def refresh_button(self) -> str:
        """Shows the list as it is now."""
        return self._("Refresh")


def _asked_for(model: str, prompt: str) -> str:
    """A line: which model, and which words; a tool has none."""
    words = quoted(" ".join(prompt.split()), PROMPT_SHOWN)
    return " · ".join(filter(None, (quoted(model, NAME_SHOWN), words)))
