"""Texts of /broadcast."""

from bot.telegram.html import code, quoted
from bot.texts.base import BaseTexts
from storage.broadcasts import Broadcast, BroadcastStatus, Unreached

ERROR_SHOWN = 120


class BroadcastTexts(BaseTexts):
    """Around /broadcast."""

    def people(self, number: int) -> str:
        """`5 people`."""
        return self._n("{n} person", "{n} people", number).format(n=number)

    def broadcast_write(self) -> str:
        """What the admin is asked for."""
        return self._(
            "Send me the message exactly as people should see it: text, a picture, anything. I will"
            " wait ten minutes, will not draw it, and will ask you to confirm before it goes out."
            " /cancel if you change your mind."
        )

    def broadcast_placeholder(self) -> str:
        """In the empty field for it; at most 64 characters."""
        return self._("A message to everyone")

    def broadcast_question(self, people: int, *, album: bool) -> str:
        """Before anything is sent."""
        text = self._("Send this message to {people}? Everyone gets a copy from the bot.").format(
            people=self.people(people)
        )
        if album:
            text += "\n" + self._("Only this one picture of the album goes out.")
        return text

    def broadcast_nobody(self) -> str:
        """There is nobody to send it to."""
        return self._("There is nobody to send it to: nobody has pressed /start yet.")

    def broadcast_go(self) -> str:
        """The button that begins."""
        return self._("Send")

    def broadcast_no(self) -> str:
        """The button that does not."""
        return self._("Don't send")

    def broadcast_stop(self) -> str:
        """Under the card while it runs."""
        return self._("Stop")

    def broadcast_who(self) -> str:
        """The button to the list."""
        return self._("Who was not reached")

    def broadcast_dropped(self) -> str:
        """After a no."""
        return self._("Nothing was sent.")

    def broadcast_closed(self) -> str:
        """A press on a question that is none any more."""
        return self._(
            "This question is closed. To send the message, reply to it with /broadcast again."
        )

    def broadcast_not_running(self) -> str:
        """A press on Stop after the end."""
        return self._("It is no longer running.")

    def broadcast_stopping(self) -> str:
        """A press on Stop."""
        return self._("Stopping: nobody else will get it.")

    def broadcast_card(self, broadcast: Broadcast) -> str:
        """How far it is, or how it ended."""
        running = broadcast.status is BroadcastStatus.RUNNING
        if running:
            head = self._("Sending: {sent} of {people}.")
        elif broadcast.status is BroadcastStatus.DONE:
            head = self._("Sent. It reached {sent} of {people}.")
        else:
            head = self._("Stopped. It reached {sent} of {people}.")
        lines = [head.format(sent=broadcast.sent, people=self.people(broadcast.total))]
        if broadcast.reason:
            lines.append(quoted(broadcast.reason, ERROR_SHOWN))
        if broadcast.failed:
            lines.append(self._("Not reached: {n}.").format(n=broadcast.failed))
        if not running and broadcast.unsure:
            lines.append(self._("Possibly reached, not retried: {n}.").format(n=broadcast.unsure))
        if not running and broadcast.left:
            lines.append(self._("Not sent to: {n}.").format(n=broadcast.left))
        return "\n".join(lines)

    def unreached_head(self, broadcast: Broadcast | None) -> str:
        """Above the list of people."""
        if broadcast is None:
            return self._("No broadcast has been sent yet. See {command}.").format(
                command="/broadcast"
            )
        return self._("Not reached by the latest broadcast: {n}").format(
            n=self.people(broadcast.failed + broadcast.unsure)
        )

    def unreached(self, person: Unreached) -> str:
        """One of them."""
        why = quoted(person.error, ERROR_SHOWN) or self._("no answer, it may have arrived")
        return f"{code(str(person.user_id))} · {why}"
