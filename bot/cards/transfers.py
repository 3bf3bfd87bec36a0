"""Buttons of transfers by hand: the person's, and the admins'."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from bot.cards.packs import Waiting
from bot.telegram.buttons import Button, ButtonData, Keyboard, MessageNumber
from bot.texts import Texts
from storage.packs import Pack
from storage.payment_orders import PaymentOrder

OrderId = Annotated[str, Field(pattern=r"^[0-9a-f]{1,40}$")]


class OtherWayButton(ButtonData, prefix="otherway"):
    """Shows the team's text, and the packs that can be paid for so, for the request of that
    message; or drops what was begun: no receipt will come."""

    verb: Literal["packs", "drop"]
    chat_id: MessageNumber | None = None
    message_id: MessageNumber | None = None


class TransferPackButton(ButtonData, prefix="bytransfer"):
    """Begins a transfer for a pack, for the request of that message."""

    slug: str
    chat_id: MessageNumber | None = None
    message_id: MessageNumber | None = None


class TransferButton(ButtonData, prefix="transfer"):
    """An admin's decision."""

    verb: Literal["yes", "no"]
    order_id: OrderId


def other_way_row(texts: Texts, waiting: Waiting | None) -> Sequence[Button]:
    """Below the packs."""
    return (
        Button(texts.other_way_button(), OtherWayButton(verb="packs", **_named(waiting)).pack()),
    )


def transfer_packs_keyboard(
    texts: Texts, packs: Sequence[Pack], waiting: Waiting | None
) -> Keyboard:
    """A button for each pack."""

    def data(pack: Pack) -> str:
        return TransferPackButton(slug=pack.slug, **_named(waiting)).pack()

    return [[Button(texts.transfer_pack_button(pack), data(pack))] for pack in packs]


def awaiting_keyboard(texts: Texts) -> Keyboard:
    """While the receipt is awaited."""
    return ((Button(texts.transfer_drop_button(), OtherWayButton(verb="drop").pack()),),)


def decision_keyboard(texts: Texts, order: PaymentOrder) -> Keyboard:
    """Under what the admins get."""
    yes = TransferButton(verb="yes", order_id=order.order_id).pack()
    no = TransferButton(verb="no", order_id=order.order_id).pack()
    return (
        (Button(texts.transfer_confirm_button(order), yes, style="success"),),
        (Button(texts.transfer_refuse_button(), no, style="danger"),),
    )


def waiting_of(button: OtherWayButton | TransferPackButton) -> Waiting | None:
    """The request that tokens are for, if there is one."""
    if button.chat_id is None or button.message_id is None:
        return None
    return button.chat_id, button.message_id


def _named(waiting: Waiting | None) -> dict[str, int]:
    return dict(zip(("chat_id", "message_id"), waiting or (), strict=False))
