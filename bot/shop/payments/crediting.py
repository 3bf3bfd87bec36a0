"""Crediting: a payment is booked, and whoever is to know of it is told. Every gateway ends here."""

from collections.abc import Callable, Mapping

from bot.cards.packs import receipt_keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from storage.payments import Credited, Payment, Payments
from storage.questions import Question, Questions
from storage.referrals import Reward


class Crediting:
    """`booked` hears of each payment, once; `kept`, of one that credited nothing, for the admins;
    `promised`, of the reward of who invited the payer."""

    def __init__(
        self,
        payments: Payments,
        questions: Questions,
        messenger: Messenger,
        texts: Mapping[str, Texts],
        booked: Callable[[Payment], None],
        kept: Callable[[Payment], None],
        promised: Callable[[Reward], None],
    ) -> None:
        self._payments = payments
        self._questions = questions
        self._messenger = messenger
        self._texts = texts
        self._booked = booked
        self._kept = kept
        self._promised = promised

    async def credit(
        self,
        gateway: str,
        external_id: str,
        *,
        order_id: str,
        user_id: int,
        amount: int,
        currency: str,
        language: str = DEFAULT_LANGUAGE,
    ) -> Credited:
        """Book what a gateway verified, as `Payments.credit` does, and tell of it once."""
        credited = await self._payments.credit(
            gateway,
            external_id,
            order_id=order_id,
            user_id=user_id,
            amount=amount,
            currency=currency,
            language=language,
        )
        await self.tell(credited)
        return credited

    async def tell(self, credited: Credited) -> None:
        """Give the payer a receipt, with a button for the request that lacked tokens; and tell the
        admins of what fits no order. A repeat is no news."""
        if not credited.new:
            return
        payment = credited.payment
        self._booked(payment)
        texts = self._texts.get(credited.language) or self._texts[DEFAULT_LANGUAGE]
        if payment.problem is not None:
            self._messenger.say(payment.user_id, texts.payment_kept(payment))
            self._kept(payment)
            return
        waiting = await self._waiting(credited)
        self._messenger.say(
            payment.user_id,
            texts.receipt(payment, credited.balance, waiting),
            keyboard=receipt_keyboard(texts, waiting) if waiting else (),
        )
        if credited.reward is not None:
            self._promised(credited.reward)

    async def _waiting(self, credited: Credited) -> Question | None:
        """The request that the order was made for, if it was not drawn or dropped since."""
        if credited.order is None or credited.order.waiting is None:
            return None
        return await self._questions.get(*credited.order.waiting, credited.payment.user_id)
