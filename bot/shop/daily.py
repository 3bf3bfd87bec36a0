"""The free tokens of a day: by /daily, or with the first request that they are needed for."""

from storage.catalogue import Catalogue
from storage.ledger import Granted, Ledger


class DailyTokens:
    """So many `tokens` a day (0: none), for those whose balance is below a picture."""

    def __init__(self, tokens: int, ledger: Ledger, catalogue: Catalogue) -> None:
        self.tokens = tokens
        self._ledger = ledger
        self._catalogue = catalogue

    async def below(self, price: int) -> int:
        """Who has as much gets nothing: the price of what is asked for, and never more than that
        of the shop's first model, or whoever chose a film could save up for many pictures."""
        first = await self._catalogue.first()
        return price if first is None else min(price, first.price)

    async def give(self, user_id: int, price: int, *, language: str) -> Granted:
        """Give them, once a day, to who cannot pay that price."""
        below = await self.below(price)
        balance = await self._ledger.balance(user_id)
        if not self.tokens or balance >= below:  # without a write: this is before every request
            return Granted(0, balance, language, new=False)
        await self._ledger.welcome(user_id, 0, language=language)  # a row, for who has none
        return await self._ledger.daily(user_id, self.tokens, below=below)
