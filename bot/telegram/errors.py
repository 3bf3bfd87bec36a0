"""What can go wrong between the bot and a chat."""


class DeliveryError(Exception):
    """Telegram refused for good."""


class ChatClosedError(DeliveryError):
    """The person blocked the bot, or the chat is gone: nothing can be said there."""


class MaybeSentError(DeliveryError):
    """The answer was lost: the message may have arrived, or not."""
