"""The errors of sending to a chat."""


class DeliveryError(Exception):
    """Telegram refused the message for good; it is not retried."""


class ChatClosedError(DeliveryError):
    """The person blocked the bot, or the chat is gone: nothing can be sent there."""


class UnreachableError(DeliveryError):
    """Telegram did not answer, or refused the bot's token; the message is not at fault."""


class MaybeSentError(DeliveryError):
    """The answer was lost: the message may have arrived, or not."""
