"""What is queued and running, as the admins read it."""

from bot.texts.base import clip, code, quoted
from bot.texts.numbers import NumberTexts
from storage.images import ImageStatus
from storage.open_images import OpenImage

NAME_SHOWN = 24
PROMPT_SHOWN = 600


class OpenJobTexts(NumberTexts):
    """Around /jobs."""

    def open_head(self, total: int) -> str:
        """Above the list."""
        if not total:
            return self._("Nothing is queued or running.")
        return self._("Queued and running: {pictures}, the oldest first.").format(
            pictures=self.pictures(total)
        )

    def open_line(self, image: OpenImage, now: float) -> str:
        """One image, short."""
        age = self.duration(max(now - image.created_at, 0))
        return f"<b>{image.image_id}</b> · {age} · {self.state(image.status)} · {self._who(image)}"

    def open_card(self, image: OpenImage, now: float) -> str:
        """One image, with what its ending would mean."""
        lines = [
            self.open_line(image, now),
            quoted(image.model_name, 100),
            f"<blockquote>{quoted(image.prompt, PROMPT_SHOWN)}</blockquote>",
        ]
        if image.task_id:
            lines.append(self._("Task: {task}").format(task=code(image.task_id, 100)))
        if image.status.ended:
            lines.append(self._("It has ended."))
        else:
            lines.append(
                self._(
                    "If it hangs, end it: the person gets {tokens} back and is told. A picture"
                    " that KIE still makes is not sent, and KIE may bill it."
                ).format(tokens=self.tokens(image.cost))
            )
        return "\n".join(lines)

    def give_up_button(self, image: OpenImage) -> str:
        """The button that ends it."""
        return self._("End it, give back {tokens}").format(tokens=self.tokens(image.cost))

    def open_back_button(self) -> str:
        """To the list."""
        return self._("Back")

    def given_up(self, image: OpenImage) -> str:
        """After it was ended."""
        return self._("Ended. {tokens} went back to {who}, who is told.").format(
            tokens=self.tokens(image.cost), who=self._who(image)
        )

    def not_given_up(self) -> str:
        """It cannot be ended."""
        return self._("It has ended by itself, or is being sent this moment. Nothing was changed.")

    def state(self, status: ImageStatus) -> str:
        """A state in a word."""
        match status:
            case ImageStatus.QUEUED:
                return self._("queued")
            case ImageStatus.SUBMITTING:
                return self._("going to KIE")
            case ImageStatus.GENERATING:
                return self._("drawn by KIE")
            case ImageStatus.READY:
                return self._("fetched and sent")
            case ImageStatus.DELIVERED:
                return self._("delivered")
            case ImageStatus.FAILED:
                return self._("failed, refunded")
            case ImageStatus.CANCELLED:
                return self._("cancelled, refunded")

    def _who(self, image: OpenImage) -> str:
        name = f"@{image.username}" if image.username else clip(image.first_name, NAME_SHOWN)
        return f"{quoted(name, 40)} {code(str(image.user_id))}".strip()
