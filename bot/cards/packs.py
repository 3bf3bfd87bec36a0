"""The card of packs that can be bought, what leads to it, and the button under a receipt."""

from collections.abc import Sequence

from bot.telegram.buttons import Button, ButtonData, Keyboard, MessageNumber
from bot.texts import Texts
from storage.packs import Pack
from storage.questions import Question

NO_MESSAGE = 0  # where a negative number is something
DEEP_LINK = "buy"  # /start buy, /start buy_CHAT_MESSAGE

Waiting = tuple[int, int]  # chat and message of a request that lacked tokens


class BuyButton(ButtonData, prefix="buy"):
    """Shows the packs; `message_id` is the request in this chat that lacks tokens."""

    message_id: MessageNumber = NO_MESSAGE


class PackButton(ButtonData, prefix="pack"):
    """Has an invoice made for a pack, for the request of that message."""

    slug: str
    chat_id: MessageNumber | None = None
    message_id: MessageNumber | None = None

    @property
    def waiting(self) -> Waiting | None:
        """The request, if there is one."""
        if self.chat_id is None or self.message_id is None:
            return None
        return self.chat_id, self.message_id


class WaitingButton(ButtonData, prefix="waiting"):
    """Draws the request that lacked tokens: the message that asked for it."""

    chat_id: MessageNumber
    message_id: MessageNumber


def buy_keyboard(texts: Texts, message_id: int = NO_MESSAGE) -> Keyboard:
    """Where somebody has too few tokens, in private."""
    return ((Button(texts.buy_button(), BuyButton(message_id=message_id).pack()),),)


def buy_link_keyboard(texts: Texts, link: str) -> Keyboard:
    """The same in a group: what somebody buys is nobody else's business."""
    return ((Button(texts.buy_button(), url=link),),)


def deep_link(waiting: Waiting | None = None) -> str:
    """What /start is given by a link to the packs."""
    return "_".join((DEEP_LINK, *map(str, waiting or ())))


def read_deep_link(said: str) -> Waiting | None:
    """The request that it names, if it names one."""
    try:
        chat_id, message_id = map(int, said.split("_")[1:])
    except ValueError:
        return None
    return chat_id, message_id


def packs_keyboard(texts: Texts, packs: Sequence[Pack], waiting: Waiting | None) -> Keyboard:
    """A button for each pack."""
    chat_id, message_id = waiting or (None, None)

    def data(pack: Pack) -> str:
        return PackButton(slug=pack.slug, chat_id=chat_id, message_id=message_id).pack()

    return [[Button(texts.pack_button(pack), data(pack))] for pack in packs]


def receipt_keyboard(texts: Texts, waiting: Question) -> Keyboard:
    """Under the receipt of tokens that were bought for a request."""
    origin = waiting.origin
    data = WaitingButton(chat_id=origin.chat_id, message_id=origin.message_id).pack()
    return ((Button(texts.waiting_button(waiting), data, style="success"),),)
