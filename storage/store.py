"""The store: the database and every table's class, opened over one file with one clock."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from storage.admin_items import OpenItems
from storage.admin_menus import AdminMenus
from storage.announcements import Announcer
from storage.broadcasts import Broadcasts
from storage.catalogue import Catalogue
from storage.database import Database
from storage.files import Buckets
from storage.forgetting import Forgetting, welcome_mark
from storage.gallery import Gallery
from storage.handled_updates import HandledUpdates
from storage.inputs import Inputs
from storage.jobs import Jobs
from storage.journal import Journal
from storage.kie_models import KieModels
from storage.ledger import Ledger
from storage.maintenance import Maintenance
from storage.packs import Packs
from storage.payment_orders import PaymentOrders
from storage.payment_refunds import PaymentRefunds
from storage.payments import Payments
from storage.people import People
from storage.preferences import PreferenceStore
from storage.promo_codes import PromoCodes
from storage.pruning import Pruning
from storage.questions import Questions
from storage.referrals import Referrals, ReferralTerms
from storage.refund_requests import RefundRequests
from storage.result_uploads import ResultUploads
from storage.stats import Stats
from storage.transfers import Transfers
from storage.write_probe import WriteProbe

NO_BUCKETS = Buckets("", "", "")
DEFAULT_TERMS = ReferralTerms()


@dataclass(frozen=True, slots=True)
class Store:
    """All of storage, each part under the name by which handlers ask for it."""

    admin_menus: AdminMenus
    broadcasts: Broadcasts
    catalogue: Catalogue
    forgetting: Forgetting
    gallery: Gallery
    handled_updates: HandledUpdates
    inputs: Inputs
    jobs: Jobs
    journal: Journal
    kie_models: KieModels
    ledger: Ledger
    maintenance: Maintenance
    open_items: OpenItems
    packs: Packs
    payment_orders: PaymentOrders
    payment_refunds: PaymentRefunds
    payments: Payments
    people: People
    preferences: PreferenceStore
    promo_codes: PromoCodes
    pruning: Pruning
    questions: Questions
    referrals: Referrals
    refund_requests: RefundRequests
    stats: Stats
    result_uploads: ResultUploads
    transfers: Transfers
    write_probe: WriteProbe

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        bot_id: int = 0,
        *,
        secret: str = "",
        buckets: Buckets = NO_BUCKETS,
        referral_terms: ReferralTerms = DEFAULT_TERMS,
        clock: Callable[[], float] = time.time,
    ) -> AsyncIterator[Self]:
        """Open the file as `Database.open` does, with its errors.

        `secret` goes into the marks of people who were forgotten; from the buckets their files are
        to be removed. What `jobs` and `forgetting` do is told to those who listen to `jobs`.
        """
        mark, announcer = welcome_mark(secret), Announcer()
        async with Database.open(path, bot_id, clock=clock) as database:
            payments = Payments(database, referral_terms)
            yield cls(
                admin_menus=AdminMenus(database),
                broadcasts=Broadcasts(database),
                catalogue=Catalogue(database),
                forgetting=Forgetting(
                    database,
                    buckets=buckets,
                    welcome_mark=mark,
                    announcer=announcer,
                ),
                gallery=Gallery(database),
                handled_updates=HandledUpdates(database),
                inputs=Inputs(database),
                jobs=Jobs(database, announcer),
                journal=Journal(database),
                kie_models=KieModels(database),
                ledger=Ledger(database, welcome_mark=mark),
                maintenance=Maintenance(database),
                open_items=OpenItems(database),
                packs=Packs(database),
                payment_orders=PaymentOrders(database),
                payment_refunds=PaymentRefunds(database),
                payments=payments,
                people=People(database),
                preferences=PreferenceStore(database),
                promo_codes=PromoCodes(database, mark),
                pruning=Pruning(database),
                questions=Questions(database),
                referrals=Referrals(database, mark),
                refund_requests=RefundRequests(database),
                stats=Stats(database),
                result_uploads=ResultUploads(database),
                transfers=Transfers(database, payments),
                write_probe=WriteProbe(database),
            )

    @property
    def parts(self) -> dict[str, Any]:
        """The parts by name, for the dispatcher."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
