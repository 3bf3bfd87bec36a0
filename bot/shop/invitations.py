"""Invitations: who was brought here by whom is noted, and the inviter's share is paid when due."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.tools.clock import Clock
from storage.errors import StorageError
from storage.people import People
from storage.referrals import Referrals, ReferralTerms, Reward

LOOK_PAUSE_S = 3600.0
PAID_AT_ONCE = 100

logger = logging.getLogger(__name__)


class Invitations:
    """Tells inviters of everything that concerns them."""

    def __init__(
        self,
        referrals: Referrals,
        people: People,
        terms: ReferralTerms,
        messenger: Messenger,
        texts: Mapping[str, Texts],
        *,
        clock: Clock,
    ) -> None:
        self.terms = terms
        self._referrals = referrals
        self._people = people
        self._messenger = messenger
        self._texts = texts
        self._clock = clock

    async def attach(self, user_id: int, inviter_id: int, *, language: str) -> bool:
        """Note who brought somebody who was never here, before anything else is done for them,
        and tell the inviter; returns whether it was done."""
        if not self.terms.percent:
            return False
        if not await self._referrals.attach(user_id, inviter_id, language=language):
            return False
        inviter = await self._people.get(inviter_id)
        texts = self._of(inviter.language if inviter else "")
        self._messenger.say(inviter_id, texts.somebody_came(self.terms))
        return True

    def promised(self, reward: Reward) -> None:
        """A payment of somebody they brought was credited just now."""
        due_at = self._clock.now() + self.terms.hold_s
        text = self._of(reward.language).reward_promised(reward, due_at)
        self._messenger.say(reward.inviter_id, text)

    async def run(self) -> None:
        """Pay what is due, now and every hour, until cancelled."""
        while True:
            try:
                await self._pay()
            except StorageError as error:
                logger.error("rewards could not be paid, retrying in an hour: %s", error)
            except Exception:  # nothing here must stop the bot
                logger.exception("rewards could not be paid, retrying in an hour")
            await self._clock.sleep(LOOK_PAUSE_S)

    async def _pay(self) -> None:
        paid = [await self._referrals.pay_due(PAID_AT_ONCE)]
        while len(paid[-1]) == PAID_AT_ONCE:
            paid.append(await self._referrals.pay_due(PAID_AT_ONCE))
        sums: dict[int, Reward] = {}
        for reward in (each for some in paid for each in some):
            earlier = sums.get(reward.inviter_id)
            tokens = reward.tokens + (earlier.tokens if earlier else 0)
            sums[reward.inviter_id] = replace(reward, tokens=tokens)
        for reward in sums.values():
            self._messenger.say(reward.inviter_id, self._of(reward.language).reward_paid(reward))

    def _of(self, language: str) -> Texts:
        return self._texts.get(language) or self._texts[DEFAULT_LANGUAGE]
