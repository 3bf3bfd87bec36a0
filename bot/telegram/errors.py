"""The errors of sending to a chat."""


class DeliveryError(Exception):
    """It was not said, and is not tried any more: Telegram refused it for good."""


class ChatClosedError(DeliveryError):
    """The person blocked the bot, or the chat is gone: nothing can be said there."""


class UnreachableError(DeliveryError):
    """Telegram did not answer, or not this bot; the message is not to blame."""


class MaybeSentError(DeliveryError):
    """The answer was lost: the message may have arrived, or not."""
