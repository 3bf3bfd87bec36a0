"""The KIE account: its remaining credit, checked now and then after creates."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from bot.admin.alerts import Alerts
from bot.service_limits import KIE_DISCOVERIES_PER_S
from bot.settings import KieAccess, Settings
from bot.tools.rate_limits import RateLimit
from providers.base import ByInput, Product
from providers.errors import ProviderError
from providers.kie import AccountReport, CallLog, Kie
from providers.products import PRODUCTS
from storage.announcements import Announcement, Moved
from storage.items import ItemStatus

ADDED = "added"  # stands for all products that admins added
LOOK_PAUSE_S = 300.0
DISCOVERY = (KIE_DISCOVERIES_PER_S, 1.1)  # in so many seconds: a little less often than KIE allows

logger = logging.getLogger(__name__)


def open_kie(
    access: KieAccess,
    log: CallLog | None = None,
    *,
    discovery: RateLimit,
    callback_url: str | None = None,
) -> AbstractAsyncContextManager[Kie]:
    """KIE, asked as the settings say; about models as often as the limit says. It tells of the
    tasks made by this client where `callback_url` leads."""
    return Kie.open(
        base_url=access.base_url,
        api_key=access.api_key,
        request_timeout_s=access.request_timeout_s,
        callback_url=callback_url,
        log=log,
        discovery=discovery.held,
    )


@asynccontextmanager
async def open_all_kie(
    settings: Settings, log: CallLog, discovery: RateLimit
) -> AsyncIterator[dict[str, Kie]]:
    """KIE for each product; products that are asked for in the same way share a client."""
    async with AsyncExitStack() as stack:
        clients: dict[KieAccess, Kie] = {}
        accesses = {product: access_of(settings, product) for product in (*PRODUCTS, ADDED)}
        for access in accesses.values():
            if access not in clients:
                clients[access] = await stack.enter_async_context(
                    open_kie(
                        access, log, discovery=discovery, callback_url=settings.kie_callback_url
                    )
                )
        yield {product: clients[access] for product, access in accesses.items()}


def access_of(settings: Settings, product: str) -> KieAccess:
    """How KIE is asked about a product; one that admins added has no settings of its own, and goes
    with the first that has a key where there is none for all."""
    access = settings.kie(product).access
    if product in PRODUCTS or access.api_key:
        return access
    declared = (settings.kie(each).access for each in PRODUCTS)
    return next((each for each in declared if each.api_key), access)


def models_of(settings: Settings, product: Product) -> ByInput:
    """KIE's names of a product's models: as they are set, or were found when it was added."""
    return settings.kie(product.key).models if product.key in PRODUCTS else product.models


class KieAccount:
    """Watches the credit, and tells the admins when it gets low."""

    def __init__(
        self,
        kie: Kie,
        log: CallLog,
        alerts: Alerts,
        *,
        low: float,
        pause_s: float = LOOK_PAUSE_S,
    ) -> None:
        self._kie = kie
        self._log = log
        self._alerts = alerts
        self._low = low
        self._pause_s = pause_s
        self._spent = asyncio.Event()
        self.left: float | None = None  # when KIE last told it

    def hear(self, news: Announcement) -> None:
        """A created task has used credit: check it soon."""
        if isinstance(news, Moved) and news.after.status is ItemStatus.GENERATING:
            self._spent.set()

    async def report(self) -> AccountReport:
        """The account as it is now; calls KIE."""
        credit = await self._credit()
        return AccountReport(credit, self._low, self._log.last_minute(), self._log.troubles())

    async def _credit(self) -> float | None:
        try:
            left = await self._kie.credit()
        except ProviderError as error:
            logger.warning("the credit of the KIE account is unknown: %s", error)
            return None
        self.left = left
        self._alerts.credit_left(left, self._low)
        return left

    async def run(self) -> None:
        """Look after a create, at most once in a pause."""
        while True:
            await self._spent.wait()
            self._spent.clear()
            try:
                await self._credit()
            except Exception:  # pictures do not wait for this; the next create looks again
                logger.exception("the KIE account could not be checked")
            await asyncio.sleep(self._pause_s)
