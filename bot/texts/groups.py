"""Texts for groups."""

from bot.texts.base import BaseTexts


class GroupTexts(BaseTexts):
    """The bot keeps quiet there, unless it is meant."""

    def draw_usage(self) -> str:
        """/draw without words."""
        example = self._("a red fox in the snow --ar 16:9")
        return self._(
            "Write what to draw after the command, for example: {example}. Nothing was charged."
        ).format(example=f"<code>/draw {example}</code>")

    def stale_in_group(self) -> str:
        """A request that waited while the bot was down."""
        return self._(
            "I was offline when you sent this. Send it again if you still want it. Nothing was"
            " charged."
        )

    def waits_in_private(self) -> str:
        """A picture that may come neither into the group nor to the person."""
        return self._(
            "I am not allowed to send pictures here, and I cannot message you first. Send me /start"
            " in a private chat, and your picture will arrive there."
        )

    def group_menu(self) -> dict[str, str]:
        """The commands that Telegram's menu offers in groups."""
        return {"draw": self._("draw what you describe")}
