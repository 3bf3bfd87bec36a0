"""Jobs and their images: charged when placed, moved on step by step, refunded when they fail.

Every step is a guarded UPDATE: "move on, only if still where I saw it". What moves money does so
in the same transaction.
"""

import hashlib
import json
import logging
import sqlite3
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from order import Order, Origin
from storage.announcements import Announcer, Listener, Moved, Placed
from storage.database import Database, fetch_one
from storage.errors import (
    InsufficientTokensError,
    ModelUnavailableError,
    PriceChangedError,
    StaleImageError,
    TooManyActiveImagesError,
)
from storage.images import (
    OPEN,
    WAITING,
    Image,
    ImageStatus,
    JobView,
    Sent,
    read_image,
    read_job,
)
from storage.inputs import forget_held
from storage.journal import Act, record
from storage.ledger import balance_in, charge, refund, see_user
from storage.maintenance import check_open
from storage.order_rows import COLUMNS, VALUES, row_of

AGAIN_PAUSE_S = 5.0  # one repeat of a picture in so long: two presses of one thumb charge once

MESSAGES_KEPT = 5  # of the bot's that stand for one image, the latest, and the first one

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancel came to: the images it ended, the tokens given back, and what runs on."""

    moved: Sequence[Moved]
    refunded: int
    running: int
    balance: int


@dataclass(frozen=True, slots=True)
class PlacedJob:
    """A job that was charged just now."""

    job_id: int
    images: Sequence[Image]
    charged: int
    balance: int


class Jobs:
    """The tables `jobs` and `images`."""

    def __init__(self, database: Database, announcer: Announcer | None = None) -> None:
        self._database = database
        self._announcer = announcer or Announcer()

    def listen(self, *listeners: Listener) -> None:
        """Have these told of each job that is placed and each image that moves."""
        self._announcer.listen(*listeners)

    async def replay(self, user_id: int | None = None) -> None:
        """Tell of everything that is unfinished, of everybody or of one person, oldest first, as if
        it was placed just now: for a start, and for somebody who is back."""
        for placed in await self._database.read(partial(_unfinished, user_id)):
            self._announcer.tell(placed)

    async def place(
        self,
        order: Order,
        origin: Origin,
        *,
        max_active_images: int,
        told_price: int | None = None,
        card_id: int | None = None,
    ) -> PlacedJob | None:
        """Charge the model's price of this moment for each image and create the job, or neither.

        The model's options of this moment go under the person's own, and under the named
        parameters.

        None, and nothing is charged, when the message already has its job: Telegram may deliver
        an update twice; or when the same image was asked for again AGAIN_PAUSE_S ago or less.
        `card_id` is the message in which the person was asked, and said yes: the progress is told
        there, and a picture that came since and waits for words is not for this.

        Raises:
            MaintenanceError: no orders are taken for now.
            ModelUnavailableError: the model was switched off meanwhile.
            PriceChangedError: an image costs more than the `told_price` now.
            TooManyActiveImagesError: with these the person would have too many unfinished images.
            InsufficientTokensError: the balance does not cover all images.
        """
        user_id, quantity = origin.user_id, order.quantity

        def work(tx: sqlite3.Connection) -> PlacedJob | None:
            if is_placed_in(tx, self._database.bot_id, origin):
                return None
            now = self._database.now()
            if origin.again_of is not None and _is_impatient(tx, origin.again_of, now):
                return None
            see_user(tx, user_id, origin.language, now)
            check_open(tx)
            price, defaults = _terms(tx, order.model)
            if told_price is not None and price > told_price:
                raise PriceChangedError(price)
            defaults = {key: value for key, value in defaults.items() if key not in order.named}
            _check_active(tx, user_id, quantity, max_active_images)
            balance = balance_in(tx, user_id)
            if balance < quantity * price:
                raise InsufficientTokensError(needed=quantity * price, balance=balance)
            cursor = tx.execute(
                f"INSERT INTO jobs ({COLUMNS}, bot_id, price, created_at, progress_message_id)"  # noqa: S608 - our own names
                f" VALUES ({VALUES}, :bot_id, :price, :now, :card_id)",
                {
                    **row_of(replace(order, options={**defaults, **order.options}), origin),
                    "bot_id": self._database.bot_id,
                    "price": price,
                    "now": now,
                    "card_id": card_id,
                },
            )
            job_id = int(cursor.lastrowid or 0)  # an INSERT has one
            if origin.in_private and card_id is None:
                forget_held(tx, user_id)
            elif origin.in_private and order.input_file_id is not None:
                forget_held(tx, user_id, order.input_file_id)  # the rest the question has done
            tx.executemany(
                "INSERT INTO images (job_id, user_id, position, cost) VALUES (?, ?, ?, ?)",
                [(job_id, user_id, position, price) for position in range(1, quantity + 1)],
            )
            images = [read_image(row) for row in _images_of(tx, job_id)]
            charge(tx, user_id, [(image.image_id, image.cost) for image in images], now)
            return PlacedJob(job_id, images, quantity * price, balance - quantity * price)

        def then(placed: PlacedJob | None) -> None:
            if placed is not None:
                logger.info("job %d placed, %d image(s)", placed.job_id, len(placed.images))
                with_picture = order.input_file_id is not None
                self._announcer.tell(Placed(placed.job_id, placed.images, with_picture))

        return await self._database.write(work, then)

    async def image(self, image_id: int) -> Image:
        """One image, as it is now."""
        row = await self._database.fetch_one("SELECT * FROM images WHERE image_id = ?", (image_id,))
        if row is None:
            raise LookupError(f"image {image_id}")
        return read_image(row)

    async def owned(self, image_id: int, user_id: int) -> Image | None:
        """An image of that person's; None: there is no such image, or it is somebody else's."""
        row = await self._database.fetch_one(
            "SELECT * FROM images WHERE image_id = ? AND user_id = ?", (image_id, user_id)
        )
        return read_image(row) if row else None

    async def picture_at(self, chat_id: int, message_id: int) -> int | None:
        """The image that a message of the bot's stands for: the picture, one sent again, its
        file, or a question about it."""
        row = await self._database.fetch_one(
            "SELECT image_id FROM picture_messages WHERE chat_id = ? AND message_id = ?",
            (chat_id, message_id),
        )
        return row["image_id"] if row else None

    async def picture_file(self, chat_id: int, message_id: int) -> str | None:
        """Telegram's file of the picture that a message of the bot's stands for, if it is known."""
        row = await self._database.fetch_one(
            "SELECT sent_file_id FROM picture_messages JOIN images USING (image_id)"
            " WHERE chat_id = ? AND picture_messages.message_id = ?",
            (chat_id, message_id),
        )
        return row["sent_file_id"] if row else None

    async def stands_for(self, chat_id: int, message_id: int, image_id: int) -> None:
        """One more message of the bot's that stands for an image."""

        def work(tx: sqlite3.Connection) -> None:
            _stands_for(tx, chat_id, message_id, image_id)

        await self._database.write(work)

    async def view(self, job_id: int) -> JobView:
        """A job with its images and its owner's balance, for what is told to the person."""
        # Images first: the balance is then at least as new, and has the refund of each that failed.
        images = await self._database.fetch_all(IMAGES_OF_JOB, (job_id,))
        row = await self._database.fetch_one(
            "SELECT jobs.*, models.name AS model_name, models.provider,"
            " models.price AS price_now, users.balance FROM jobs"
            " JOIN models ON models.slug = jobs.model JOIN users USING (user_id)"
            " WHERE job_id = ?",
            (job_id,),
        )
        if row is None:
            raise LookupError(f"job {job_id}")
        return JobView(
            read_job(row, len(images)),
            [read_image(each) for each in images],
            row["model_name"],
            row["provider"],
            row["balance"],
            row["price_now"],
        )

    async def is_placed(self, chat_id: int, message_id: int) -> bool:
        """Whether the message has its job."""
        key = (self._database.bot_id, chat_id, message_id)
        return await self._database.fetch_one(PLACED, key) is not None

    async def close(self, job_id: int) -> None:
        """The outcome of the job was told; there is no more to say about it."""
        await self._database.execute(
            "UPDATE jobs SET closed_at = ? WHERE job_id = ? AND closed_at IS NULL",
            (self._database.now(), job_id),
        )

    async def set_progress_message(self, job_id: int, message_id: int) -> None:
        """Remember the progress message, so that the next start edits it instead of a new one."""
        await self._database.execute(
            "UPDATE jobs SET progress_message_id = ? WHERE job_id = ?", (message_id, job_id)
        )

    async def input_uploaded(self, job_id: int, url: str) -> None:
        """The picture to start from is where the provider finds it."""
        await self._database.execute(
            "UPDATE jobs SET input_url = ?, input_uploaded_at = ? WHERE job_id = ?",
            (url, self._database.now(), job_id),
        )

    async def begin_submit(self, image: Image, *, create_after: float | None = None) -> Image:
        """Count an attempt before anything is sent: a crash in the middle leaves just that, and
        when the next attempt may be made (Unix seconds)."""
        return await self._move(
            image,
            WAITING,
            status=ImageStatus.SUBMITTING,
            attempts=image.attempts + 1,
            create_after=create_after,
        )

    async def create_lost(self, image: Image, *, create_after: float) -> Image:
        """The answer was lost: the next attempt may be made after this."""
        return await self._move(image, {ImageStatus.SUBMITTING}, create_after=create_after)

    async def not_taken(self, image: Image, before: Image) -> Image:
        """The provider surely made nothing of the attempt: all is as it was `before` it."""
        return await self._move(
            image,
            {ImageStatus.SUBMITTING},
            status=before.status,
            attempts=before.attempts,
            create_after=before.create_after,
        )

    async def task_created(self, image: Image, task_id: str) -> Image:
        """The provider took it; from here on it is never created again."""
        return await self._move(
            image,
            {ImageStatus.SUBMITTING},
            status=ImageStatus.GENERATING,
            task_id=task_id,
            submitted_at=self._database.now(),
            create_after=None,
        )

    async def result_ready(
        self, image: Image, result_url: str, *, drawn_s: float | None = None
    ) -> Image:
        """The provider has the picture, and says that it took so long."""
        return await self._move(
            image,
            {ImageStatus.GENERATING},
            status=ImageStatus.READY,
            result_url=result_url,
            drawn_s=drawn_s,
        )

    async def fetch_failed(self, image: Image) -> Image:
        """The result could not be fetched this time."""
        return await self._move(image, {ImageStatus.READY}, fetch_attempts=image.fetch_attempts + 1)

    async def result_moved(self, image: Image, result_url: str) -> Image:
        """The provider has the picture at another address now."""
        return await self._move(image, {ImageStatus.READY}, result_url=result_url)

    async def file_kept(self, image: Image, file_key: str, *, to_store: bool) -> Image:
        """The picture was fetched and is ours now, on disk; from there it may have to be moved."""
        return await self._move(
            image,
            {ImageStatus.READY},
            file_key=file_key,
            store_after=self._database.now() if to_store else None,
        )

    async def sendings_lost(self, image_id: int, count: int) -> None:
        """So many sendings of the picture may have come into the chat: the answers were lost."""
        await self._database.execute(
            "UPDATE images SET lost_sendings = ? WHERE image_id = ?", (count, image_id)
        )

    async def delivered(self, image: Image, message_id: int, sent: Sent | None = None) -> Image:
        """Telegram took the picture; `sent` tells how it can be sent again."""
        return await self._move(
            image, {ImageStatus.READY}, sent, status=ImageStatus.DELIVERED, message_id=message_id
        )

    async def sent_again(self, image: Image, sent: Sent) -> None:
        """The picture came into a chat once more."""

        def work(tx: sqlite3.Connection) -> None:
            _note_sent(tx, image, sent)

        await self._database.write(work)

    async def fail(
        self, image: Image, failure: str, detail: str, *, act: Act | None = None
    ) -> Image:
        """End an image without a picture and give its tokens back, in one transaction; into the
        journal as well where it is an admin's act."""
        return await self._move(
            image, OPEN, act=act, status=ImageStatus.FAILED, failure=failure, failure_detail=detail
        )

    async def fail_waiting(self, job_id: int, failure: str, detail: str) -> None:
        """End all images of a job that were not sent to the provider, and refund each."""
        rows = await self._database.fetch_all(IMAGES_OF_JOB, (job_id,))
        for image in map(read_image, rows):
            if image.status is ImageStatus.QUEUED:
                with suppress(StaleImageError):  # it moved meanwhile: its own walk sees to it
                    await self.fail(image, failure, detail)

    async def cancel(self, user_id: int, job_id: int | None = None) -> Cancelled:
        """Cancel and refund the person's images that were not sent to the provider yet.

        Of one job, or of all. Safe to repeat: the second time there is nothing left to cancel.
        """

        def work(tx: sqlite3.Connection) -> Cancelled:
            rows = tx.execute(
                "SELECT * FROM images WHERE user_id = ? AND (? IS NULL OR job_id = ?)"
                " AND status NOT IN ('delivered', 'failed', 'cancelled')",
                (user_id, job_id, job_id),
            )
            active = [read_image(row) for row in rows]
            queued = [image for image in active if image.status is ImageStatus.QUEUED]
            now = self._database.now()
            tx.executemany(
                "UPDATE images SET status = 'cancelled', finished_at = ? WHERE image_id = ?",
                [(now, image.image_id) for image in queued],
            )
            for image in queued:
                refund(tx, user_id, image.image_id, image.cost, now)
            cancelled = ImageStatus.CANCELLED
            return Cancelled(
                moved=[
                    Moved(
                        image,
                        replace(image, status=cancelled, finished_at=now),
                        _model_of(tx, image),
                    )
                    for image in queued
                ],
                refunded=sum(image.cost for image in queued),
                running=len(active) - len(queued),
                balance=balance_in(tx, user_id),
            )

        def then(cancelled: Cancelled) -> None:
            for moved in cancelled.moved:
                self._announcer.tell(moved)

        return await self._database.write(work, then)

    async def recent_durations(self, limit: int) -> list[tuple[str, float, float | None]]:
        """Of the last pictures that were fetched at once: the model, seconds from the create to the
        picture in the chat, and of these what the provider took, as it says."""
        rows = await self._database.fetch_all(
            "SELECT jobs.model, images.finished_at - images.submitted_at AS seconds, drawn_s FROM"
            " (SELECT * FROM images WHERE status = 'delivered' AND fetch_attempts = 0"
            " ORDER BY image_id DESC LIMIT ?)"
            " AS images JOIN jobs USING (job_id) ORDER BY images.image_id",
            (limit,),
        )
        return [(row["model"], row["seconds"], row["drawn_s"]) for row in rows]

    async def _move(
        self,
        image: Image,
        seen: AbstractSet[ImageStatus],
        sent: Sent | None = None,
        act: Act | None = None,
        **changes: Any,
    ) -> Image:
        """Move the image on if it is still as the caller saw it, and was `seen` in a right state.

        Raises:
            StaleImageError: it is not; nothing was changed.
        """
        if image.status not in seen:
            raise StaleImageError(f"image {image.image_id} is {image.status}")
        moved = replace(image, **changes)
        if moved.status.ended:
            moved = replace(moved, finished_at=self._database.now())

        def work(tx: sqlite3.Connection) -> Moved:
            cursor = tx.execute(
                "UPDATE images SET status = ?, attempts = ?, create_after = ?, task_id = ?,"
                " submitted_at = ?, drawn_s = ?, result_url = ?, fetch_attempts = ?, file_key = ?,"
                " store_after = coalesce(?, store_after),"
                " message_id = ?, failure = ?, failure_detail = ?, finished_at = ?"
                " WHERE image_id = ? AND status = ? AND attempts = ? AND task_id IS ?"
                " AND file_key IS ?",
                (
                    moved.status,
                    moved.attempts,
                    moved.create_after,
                    moved.task_id,
                    moved.submitted_at,
                    moved.drawn_s,
                    moved.result_url,
                    moved.fetch_attempts,
                    moved.file_key,
                    # Only when it was set just now: the keeper moves on by itself.
                    moved.store_after if moved.file_key != image.file_key else None,
                    moved.message_id,
                    moved.failure,
                    moved.failure_detail,
                    moved.finished_at,
                    image.image_id,
                    image.status,
                    image.attempts,
                    image.task_id,
                    image.file_key,
                ),
            )
            if cursor.rowcount == 0:
                raise StaleImageError(f"image {image.image_id} is no longer {image.status}")
            if moved.status in {ImageStatus.FAILED, ImageStatus.CANCELLED}:
                refund(tx, image.user_id, image.image_id, image.cost, self._database.now())
            if sent is not None:
                _note_sent(tx, image, sent)
            if act is not None:
                record(
                    tx,
                    act,
                    "fail",
                    subject=str(image.user_id),
                    before=f"image {image.image_id} {image.status}",
                    after=f"{moved.status}, refunded {image.cost}",
                    now=self._database.now(),
                )
            return Moved(image, moved, _model_of(tx, image))

        await self._database.write(work, self._announcer.tell)
        return moved


PLACED = "SELECT 1 FROM jobs WHERE bot_id = ? AND chat_id = ? AND message_id = ?"
UNFINISHED = (
    "SELECT job_id, input_file_id IS NOT NULL AS with_picture FROM jobs WHERE job_id IN"
    " (SELECT job_id FROM jobs WHERE closed_at IS NULL UNION SELECT job_id FROM images"
    " WHERE status NOT IN ('delivered', 'failed', 'cancelled'))"
    " AND (?1 IS NULL OR user_id = ?1) ORDER BY job_id"
)
IMAGES_OF_JOB = "SELECT * FROM images WHERE job_id = ? ORDER BY position"


def is_placed_in(tx: sqlite3.Connection, bot_id: int, origin: Origin) -> bool:
    """Whether the message has its job."""
    return fetch_one(tx, PLACED, (bot_id, origin.chat_id, origin.message_id)) is not None


def _unfinished(user_id: int | None, connection: sqlite3.Connection) -> list[Placed]:
    """Jobs with an image under way, and those whose outcome was not told yet."""
    return [
        Placed(
            row["job_id"],
            [read_image(each) for each in _images_of(connection, row["job_id"])],
            bool(row["with_picture"]),
        )
        for row in connection.execute(UNFINISHED, (user_id,)).fetchall()
    ]


def _model_of(tx: sqlite3.Connection, image: Image) -> str:
    row = fetch_one(tx, "SELECT model FROM jobs WHERE job_id = ?", (image.job_id,))
    return str(row["model"]) if row else ""


def _terms(tx: sqlite3.Connection, model: str) -> tuple[int, dict[str, Any]]:
    """Price and options at the moment of charging, whatever the caller read before."""
    row = fetch_one(tx, "SELECT price, options FROM models WHERE slug = ? AND enabled", (model,))
    if row is None:
        raise ModelUnavailableError(model)
    return row["price"], json.loads(row["options"])


def _check_active(tx: sqlite3.Connection, user_id: int, quantity: int, limit: int) -> None:
    row = fetch_one(
        tx,
        "SELECT count(*) AS active FROM images WHERE user_id = ?"
        " AND status NOT IN ('delivered', 'failed', 'cancelled')",
        (user_id,),
    )
    active = int(row["active"]) if row else 0
    if active + quantity > limit:
        raise TooManyActiveImagesError(active=active, limit=limit)


def press_key(query_id: str) -> int:
    """A press of a button in place of a message id: below 0, as no message's is."""
    digest = hashlib.sha256(query_id.encode("utf-8", "surrogatepass")).digest()
    return -1 - int.from_bytes(digest[:7], "big")


def _is_impatient(tx: sqlite3.Connection, again_of: int, now: float) -> bool:
    """Whether the same picture was asked for again a moment ago: a thumb that pressed twice."""
    # On both sides of now: the clock may have been put back since.
    row = fetch_one(
        tx,
        "SELECT 1 FROM jobs WHERE again_of = ? AND created_at BETWEEN ? AND ?",
        (again_of, now - AGAIN_PAUSE_S, now + AGAIN_PAUSE_S),
    )
    return row is not None


def _note_sent(tx: sqlite3.Connection, image: Image, sent: Sent) -> None:
    if sent.file_id:
        tx.execute(
            "UPDATE images SET sent_file_id = ?, sent_as = ? WHERE image_id = ? AND user_id > 0",
            (sent.file_id, sent.kind, image.image_id),
        )
    if sent.message_id:
        _stands_for(tx, sent.chat_id, sent.message_id, image.image_id)


def _stands_for(tx: sqlite3.Connection, chat_id: int, message_id: int, image_id: int) -> None:
    # Of a person who was forgotten while the message was on its way, nothing is kept.
    tx.execute(
        "INSERT OR REPLACE INTO picture_messages (chat_id, message_id, image_id)"
        " SELECT ?, ?, image_id FROM images WHERE image_id = ? AND user_id > 0",
        (chat_id, message_id, image_id),
    )
    tx.execute(
        "DELETE FROM picture_messages WHERE image_id = ?1 AND message_id NOT IN"
        " (SELECT message_id FROM picture_messages WHERE image_id = ?1"
        " ORDER BY message_id DESC LIMIT ?2) AND message_id IS NOT"
        " (SELECT message_id FROM images WHERE image_id = ?1)",
        (image_id, MESSAGES_KEPT),
    )


def _images_of(tx: sqlite3.Connection, job_id: int) -> Sequence[sqlite3.Row]:
    return list(tx.execute(IMAGES_OF_JOB, (job_id,)))
