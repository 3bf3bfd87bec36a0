"""The errors of sending to a chat, and of moving Stars."""


class DeliveryError(Exception):
    """Telegram refused the message for good; it is not retried."""


class ChatClosedError(DeliveryError):
    """The person blocked the bot, or the chat is gone: nothing can be sent there."""


class UnreachableError(DeliveryError):
    """Telegram did not answer, or refused the bot's token; the message is not at fault."""


class MaybeSentError(DeliveryError):
    """The answer was lost: the message may have arrived, or not."""


class StarsRefusedError(Exception):
    """Telegram does not give the Stars back; in its own words."""


class StarsUnreachableError(Exception):
    """Nobody knows whether Telegram did it; `after_s` is when it may be asked again, if told."""

    def __init__(self, text: str, *, after_s: float | None = None) -> None:
        super().__init__(text)
        self.after_s = after_s
