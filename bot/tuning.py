"""Tuning that the operator does not set but tests do: rates, pauses, the clock."""

from dataclasses import dataclass

from stamina import AsyncRetryingCaller

from bot.admin.broadcast import CARD_PAUSE_S
from bot.admin.health import HEALTH, HealthPolicy
from bot.admin.kie_account import DISCOVERY, LOOK_PAUSE_S
from bot.admin.kie_watch import COMPARISON_PAUSES_S
from bot.pipeline.breaker import FIRST_PAUSE_S, LONGEST_PAUSE_S
from bot.pipeline.fetching import FETCHING, FetchPolicy
from bot.pipeline.input_pictures import INPUT_RETRY
from bot.pipeline.polling import POLLING, PollPolicy
from bot.pipeline.progress import EDIT_PAUSE_S
from bot.pipeline.submit import CREATE_RETRY, LOST_PAUSE_S, REFUSED_PAUSE_S
from bot.service_limits import (
    KIE_CREATES,
    KIE_CREATES_WINDOW_S,
    KIE_POLLS_PER_S,
    TELEGRAM_CHAT_MESSAGES_PER_S,
    TELEGRAM_MESSAGES_PER_S,
)
from bot.shop.payments.reconcile import HOUR_S, PAUSE_S
from bot.shop.payments.stars import CHECK_S
from bot.telegram.messenger import LOST_PAUSES_S
from bot.tools.clock import CLOCK, Clock
from storage.handled_updates import KEPT


@dataclass(frozen=True, slots=True)
class Tuning:
    """One object for all of it, with one clock. Tests shorten some."""

    # So many in any so many seconds: a little less often than the services allow, because requests
    # do not travel equally fast and arrivals are counted. Polls go one by one.
    creates: tuple[int, float] = (KIE_CREATES, KIE_CREATES_WINDOW_S + 0.1)
    polls: tuple[int, float] = (1, 1.1 / KIE_POLLS_PER_S)
    discovery: tuple[int, float] = DISCOVERY
    messages: tuple[int, float] = (TELEGRAM_MESSAGES_PER_S, 1.1)
    chat_messages: tuple[int, float] = (TELEGRAM_CHAT_MESSAGES_PER_S, 1.05)
    bulk_messages: tuple[int, float] = (20, 1.0)  # a third is left to answers and pictures
    card_pause_s: float = CARD_PAUSE_S
    reconcile_pauses_s: tuple[float, float] = (HOUR_S, PAUSE_S)
    refund_pause_s: float = 10.0
    comparison_pauses_s: tuple[float, float] = COMPARISON_PAUSES_S
    credit_pause_s: float = LOOK_PAUSE_S
    edit_pause_s: float = EDIT_PAUSE_S
    lost_pauses_s: tuple[float, ...] = LOST_PAUSES_S
    refused_pause_s: float = REFUSED_PAUSE_S
    create_retry: AsyncRetryingCaller = CREATE_RETRY
    lost_pause_s: float = LOST_PAUSE_S
    outage_pause_s: float = FIRST_PAUSE_S
    longest_outage_pause_s: float = LONGEST_PAUSE_S
    fetching: FetchPolicy = FETCHING
    input_retry: AsyncRetryingCaller = INPUT_RETRY
    polling: PollPolicy = POLLING
    checkout_s: float = CHECK_S
    album_pause_s: float = 1.0
    store_pause_s: float = 10.0
    transfers_pause_s: float = 3600.0  # between looks for those that the admins are reminded of
    result_max_bytes: int = 200 * 1024 * 1024  # from 50 MB on it goes as a link
    result_timeout_s: float = 600.0
    close_s: float = 2.0
    health: HealthPolicy = HEALTH
    updates_kept: int = KEPT
    clock: Clock = CLOCK  # the machine's, which may be wrong


TUNING = Tuning()
