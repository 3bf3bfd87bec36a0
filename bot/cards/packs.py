"""The card of packs that can be bought, and the button under a receipt."""

from bot.telegram.buttons import Button, ButtonData, Keyboard, MessageNumber
from bot.texts import Texts
from storage.questions import Question


class WaitingButton(ButtonData, prefix="waiting"):
    """Draws the request that lacked tokens: the message that asked for it."""

    chat_id: MessageNumber
    message_id: MessageNumber


def receipt_keyboard(texts: Texts, waiting: Question) -> Keyboard:
    """Under the receipt of tokens that were bought for a request."""
    origin = waiting.origin
    data = WaitingButton(chat_id=origin.chat_id, message_id=origin.message_id).pack()
    return ((Button(texts.waiting_button(waiting), data, style="success"),),)
