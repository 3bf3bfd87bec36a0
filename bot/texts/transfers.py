"""Texts of transfers by hand: to those who pay, and to the admins who look after the money."""

from collections.abc import Sequence

from bot.telegram.html import code, quoted
from bot.texts.admin_people import AdminPeopleTexts
from bot.texts.legal import bold
from storage.packs import Pack
from storage.payment_orders import PaymentOrder
from storage.people import Person
from storage.transfers import Decided, Transfer

TEAM_CHARS = 3000  # of MANUAL_PAYMENT_TEXT: the rest of the message is ours


class TransferTexts(AdminPeopleTexts):
    """What is paid past Telegram; `how` is the team's own text."""

    def other_way_button(self) -> str:
        """Below the packs."""
        return self._("Another way to pay")

    def transfer_packs(self, how: str) -> str:
        """Before a pack is chosen."""
        return "\n\n".join(
            (
                bold(self._("Another way to pay")),
                quoted(how, TEAM_CHARS),
                self._("Choose a pack, and pay when you have its number."),
            )
        )

    def transfer_pack_button(self, pack: Pack) -> str:
        """Begins a transfer."""
        return self.tokens(pack.total)

    def transfer_begun(self, order: PaymentOrder, how: str, *, hours: int) -> str:
        """The pack is chosen; the receipt is awaited."""
        head = self._("{tokens}, number {order}").format(
            tokens=bold(self.tokens(order.tokens)), order=code(order.order_id)
        )
        after = self._n(
            "Once you have paid, send the receipt here within {n} hour, as a photo or a file: until"
            " then, whatever photo or file you send counts as it. An administrator checks it, and"
            " the tokens come.",
            "Once you have paid, send the receipt here within {n} hours, as a photo or a file:"
            " until then, whatever photo or file you send counts as it. An administrator checks it,"
            " and the tokens come.",
            hours,
        ).format(n=hours)
        return "\n\n".join((head, quoted(how, TEAM_CHARS), after))

    def transfer_drop_button(self) -> str:
        """No receipt will come."""
        return self._("I will not pay")

    def transfer_dropped(self) -> str:
        """No receipt is awaited any more."""
        return self._("Nothing is paid. /buy shows the packs.")

    def transfers_closed(self) -> str:
        """Plain text: an old button."""
        return self._("This way to pay is closed. Nothing was paid. /buy shows the packs.")

    def receipt_taken(self, order: PaymentOrder) -> str:
        """The receipt came."""
        return self._(
            "The receipt for {tokens} is with the administrators, number {order}. I will write when"
            " they have checked it. Nothing is drawn of it, and nothing was charged."
        ).format(tokens=self.tokens(order.tokens), order=code(order.order_id))

    def transfer_refused(self, order: PaymentOrder) -> str:
        """To who sent the receipt."""
        return self._(
            "The administrators did not find your payment for {tokens}, number {order}, so nothing"
            " was credited. If you did pay, write to them: /paysupport"
        ).format(tokens=self.tokens(order.tokens), order=code(order.order_id))

    def transfer_receipt(self, order: PaymentOrder) -> str:
        """The caption of a receipt, for the admins."""
        return self._("Receipt of transfer {order}").format(order=code(order.order_id))

    def transfer_card(self, transfer: Transfer, person: Person | None) -> str:
        """What an admin decides."""
        order = transfer.order
        return self._(
            "<b>Transfer</b> by {user} for {tokens}, number {order}, receipt of {time} UTC. Has the"
            " money arrived?"
        ).format(
            user=self._sender(order, person),
            tokens=self.tokens(order.tokens),
            order=code(order.order_id),
            time=self.day(transfer.opened_at or order.made_at),
        )

    def transfer_confirm_button(self, order: PaymentOrder) -> str:
        """Credits."""
        return self._("Confirm · {tokens}").format(tokens=self.tokens(order.tokens))

    def transfer_refuse_button(self) -> str:
        """Credits nothing."""
        return self._("Refuse")

    def transfer_decided(self, decided: Decided, person: Person | None) -> str:
        """In place of the card."""
        order = decided.transfer.order
        if decided.transfer.state == "confirmed":
            text = self._("Confirmed: {user} received {tokens}, number {order}.")
        else:
            text = self._("Refused: {user}, {tokens}, number {order}.")
        return text.format(
            user=self._sender(order, person),
            tokens=self.tokens(order.tokens),
            order=code(order.order_id),
        )

    def transfer_decided_before(self, decided: Decided) -> str:
        """Plain text: somebody was faster."""
        if decided.transfer.state == "confirmed":
            return self._("This transfer was already confirmed. Nothing was changed.")
        return self._("This transfer was already refused. Nothing was changed.")

    def no_such_transfer(self) -> str:
        """Plain text: an old or forged button."""
        return self._("There is no such transfer. Nothing was changed.")

    def transfers(self, transfers: Sequence[Transfer], most: int, *, offered: bool) -> str:
        """Above the open ones."""
        if not transfers:
            text = self._("No transfer waits for a decision.")
            if not offered:
                text += " " + self._("Transfers are off: see {setting}.").format(
                    setting=code("MANUAL_PAYMENT_TEXT")
                )
            return text
        if len(transfers) >= most:
            return self._("The {n} transfers that have waited longest:").format(n=most)
        return self._("Transfers that wait for a decision: {n}").format(n=len(transfers))

    def transfers_wait(self, number: int) -> str:
        """The daily reminder."""
        return self._(
            "Transfers that have waited for your decision for a day: {n}. {command} shows them."
        ).format(n=number, command="/transfers")

    def _sender(self, order: PaymentOrder, person: Person | None) -> str:
        return self.person(person) if person else code(str(order.user_id))
