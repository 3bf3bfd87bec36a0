"""The second half of an item's path: waiting for its task, downloading the result, sending it."""

import logging
from collections.abc import Mapping
from functools import partial

from bot.admin.alerts import Alerts
from bot.media.kinds import Result
from bot.pipeline.failures import failure_of
from bot.pipeline.fetching import Fetcher
from bot.pipeline.polling import Poller
from bot.pipeline.sending import Sender
from bot.telegram.errors import ChatClosedError, DeliveryError
from bot.telegram.messenger import Losses, Messenger
from bot.texts import Texts
from bot.tools.clock import CLOCK, Clock
from bot.tools.retry import insist
from providers.base import Done, ProviderOf
from storage.items import Item, ItemStatus, JobView
from storage.jobs import Jobs
from storage.people import People

logger = logging.getLogger(__name__)


class Results:
    """Waits for tasks and downloads their results."""

    def __init__(
        self,
        jobs: Jobs,
        provider_of: ProviderOf,
        poller: Poller,
        fetcher: Fetcher,
        alerts: Alerts,
        *,
        clock: Clock = CLOCK,
    ) -> None:
        self._jobs = jobs
        self._provider_of = provider_of
        self._poller = poller
        self._fetcher = fetcher
        self._alerts = alerts
        self._clock = clock

    async def result(self, view: JobView, item: Item) -> tuple[Result, Item]:
        """The result of an item that is at the provider or beyond, and the item as it is then.

        Raises:
            ProviderError: there is none, or none any more.
            NotAResultError, StaleItemError: see `Fetcher.result`.
        """
        if item.status is ItemStatus.GENERATING:
            done = await self._done(view, item)
            item = await self._jobs.result_ready(
                item, done.urls[0], drawn_s=done.seconds, credits=done.credits
            )
            if done.credits is not None:
                told = view.model.product.credits_for(view.order, len(view.order.inputs))
                self._alerts.credits_taken(view.order.model, told, done.credits, item.cost)
        return await self._fetcher.result(item, view.media, partial(self._done, view))

    async def _done(self, view: JobView, item: Item) -> Done:
        """The provider's final word on the task."""
        provider = self._provider_of(view.model.product)
        assert item.task_id is not None  # noqa: S101 - the schema says so
        assert item.submitted_at is not None  # noqa: S101
        return await self._poller.wait_until_done(
            provider,
            item.task_id,
            model=view.order.model,
            age_s=max(self._clock.now() - item.submitted_at, 0.0),
            on_error=lambda error: self._alerts.provider_trouble(provider.name, failure_of(error)),
        )


class Delivery:
    """Sends results to the chat that asked for them."""

    def __init__(
        self,
        jobs: Jobs,
        people: People,
        sender: Sender,
        messenger: Messenger,
        texts: Mapping[str, Texts],
    ) -> None:
        self._jobs = jobs
        self._people = people
        self._sender = sender
        self._messenger = messenger
        self._texts = texts

    async def deliver(self, view: JobView, item: Item, result: Result) -> None:
        """Send it, retrying for as long as it takes, and record that.

        Raises:
            ChatClosedError: the person cannot be sent anything now.
            DeliveryError: Telegram does not take it.
        """
        origin, texts = view.origin, self._texts[view.origin.language]
        losses = Losses(
            item.lost_sendings,
            lambda count: insist(lambda: self._jobs.sendings_lost(item.item_id, count)),
        )
        send = partial(
            self._sender.send,
            view=view,
            item=item,
            result=result,
            language=origin.language,
            attempts=float("inf"),
            losses=losses,
        )
        try:
            sent = await send(origin.chat_id, reply_to=origin.reply_to)
        except DeliveryError as error:
            if origin.in_private:
                raise
            # Whatever a group has against it: it is the person's all the same.
            logger.warning("sent to the person, not to the group: %s", error)
            try:
                sent = await send(origin.user_id, reply_to=None)
            except ChatClosedError:
                # Said once, not for each picture.
                if not await self._people.is_blocked(origin.user_id):
                    await self._people.set_blocked(origin.user_id, blocked=True)
                    self._messenger.say(
                        origin.chat_id, texts.waits_in_private(), reply_to=origin.reply_to
                    )
                raise
        logger.info("delivered")
        await insist(lambda: self._jobs.delivered(item, sent.message_id, sent))
