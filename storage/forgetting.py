"""Deletion of a person's data: everything of theirs goes, the anonymous ledger entries stay.

The ledger has to add up for ever, so its entries, the items they paid for and the payments stay,
under a negative id that leads to nobody. If the person was banned, that one fact stays too. Of what
is given once in a life, or a day, a mark says that it was given.
"""

import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.announcements import Announcer, Forgotten
from storage.database import Database, fetch_one
from storage.files import Buckets
from storage.items import uploads_in

# A file may be on its way to the bucket while its person leaves; then it is removed after that.
ON_ITS_WAY_S = 180.0
NO_PAUSE_S = 86_400.0  # what is due later than in so long: the clock was put back since


@dataclass(frozen=True, slots=True)
class FileToRemove:
    """A file to be removed: from the disk (place "") or from a bucket."""

    place: str
    file_key: str
    attempts: int


class Forgetting:
    """Forgets people, and remembers which files are still to be removed for that.

    `welcome_mark` is what stands in the ledger for the welcome tokens of somebody who left.
    """

    def __init__(
        self,
        database: Database,
        *,
        buckets: Buckets,
        welcome_mark: Callable[[int], str],
        announcer: Announcer | None = None,
    ) -> None:
        self._database = database
        self._buckets = buckets
        self._welcome_mark = welcome_mark
        self._announcer = announcer or Announcer()

    async def forget(self, user_id: int) -> int:
        """Forget a person and return 0; or do nothing and return how many items are under way.

        A job whose items have all ended is none of them: its outcome may be one that cannot be
        told, in a group that the bot had to leave. Safe to repeat. The files are removed after
        that, by whoever asks for `due`.
        """

        def work(tx: sqlite3.Connection) -> int:
            row = fetch_one(
                tx,
                "SELECT count(*) AS open FROM items WHERE user_id = ?"
                " AND status NOT IN ('delivered', 'failed', 'cancelled')",
                (user_id,),
            )
            if row and row["open"]:
                return int(row["open"])
            for sql in FORGET_AT_ONCE:
                tx.execute(sql, (user_id,))
            row = fetch_one(tx, "SELECT min(user_id) AS least FROM users")
            nobody = min(row["least"] if row and row["least"] is not None else 0, 0) - 1
            cursor = tx.execute(
                "INSERT INTO users (user_id, balance, language, created_at, blocked_at)"
                " SELECT ?, balance, '', created_at, ? FROM users WHERE user_id = ?",
                (nobody, self._database.now(), user_id),
            )
            if cursor.rowcount == 0:
                return 0
            banned = fetch_one(
                tx,
                "SELECT banned_at FROM users WHERE user_id = ? AND banned_at IS NOT NULL",
                (user_id,),
            )
            self._have_files_removed(tx, user_id)
            mark = self._welcome_mark(user_id)
            names = {
                "nobody": nobody,
                "user_id": user_id,
                "now": self._database.now(),
                "mark": mark,
            }
            for sql in FORGET_NAMES:
                tx.execute(sql, names)
            tx.execute(
                "UPDATE ledger SET user_id = :nobody, note = '', grant_key ="
                " CASE kind WHEN 'welcome' THEN :mark ELSE grant_key END WHERE user_id = :user_id",
                {"nobody": nobody, "mark": mark, "user_id": user_id},
            )
            tx.execute("DELETE FROM users WHERE user_id = ?", (user_id,))
            if banned is not None:  # else a ban would be over with a press
                tx.execute(
                    "INSERT INTO users (user_id, language, created_at, banned_at)"
                    " VALUES (?1, '', ?2, ?2)",
                    (user_id, banned["banned_at"]),
                )
            return 0

        def then(under_way: int) -> None:
            if not under_way:
                self._announcer.tell(Forgotten(user_id))

        return await self._database.write(work, then)

    def _have_files_removed(self, tx: sqlite3.Connection, user_id: int) -> None:
        now = self._database.now()
        to_remove: list[tuple[str, str, float]] = []
        for row in tx.execute(
            "SELECT file_key, stored_url, store_after FROM items"
            " WHERE user_id = ? AND file_key IS NOT NULL",
            (user_id,),
        ):
            to_remove.append(("", row["file_key"], now))
            if row["stored_url"] is not None:
                to_remove.append((self._buckets.of(row["file_key"]), row["file_key"], now))
            elif row["store_after"] is not None:
                to_remove.append(
                    (self._buckets.of(row["file_key"]), row["file_key"], now + ON_ITS_WAY_S)
                )
        # Public URLs of Supabase Storage end in /BUCKET/KEY; KIE's own uploads go by themselves.
        inside = f"/object/public/{self._buckets.inputs}/"
        to_remove += [
            (self._buckets.inputs, upload.url.partition(inside)[2], now)
            for row in tx.execute(
                "SELECT input_url, input_uploaded_at, input_uploads FROM jobs WHERE user_id = ?"
                " AND input_file_id IS NOT NULL",
                (user_id,),
            )
            for upload in uploads_in(row)
            if inside in upload.url
        ]
        tx.executemany(
            "INSERT OR IGNORE INTO files_to_remove (place, file_key, remove_after)"
            " VALUES (?, ?, ?)",
            to_remove,
        )

    async def due(self, limit: int) -> Sequence[FileToRemove]:
        """Files to be removed now."""
        rows = await self._database.fetch_all(
            "SELECT place, file_key, attempts FROM files_to_remove"
            " WHERE remove_after <= ?1 OR remove_after > ?1 + ?2 ORDER BY remove_after LIMIT ?3",
            (self._database.now(), NO_PAUSE_S, limit),
        )
        return [FileToRemove(**dict(row)) for row in rows]

    async def due_in_s(self) -> float | None:
        """Seconds until the next file is due; None: there is none."""
        row = await self._database.fetch_one("SELECT min(remove_after) AS at FROM files_to_remove")
        return row["at"] - self._database.now() if row and row["at"] is not None else None

    async def removed(self, file: FileToRemove) -> None:
        """The file was deleted."""
        await self._database.execute(
            "DELETE FROM files_to_remove WHERE place = ? AND file_key = ?",
            (file.place, file.file_key),
        )

    async def remove_later(self, file: FileToRemove, pause_s: float) -> None:
        """The file could not be deleted: try again after a pause."""
        await self._database.execute(
            "UPDATE files_to_remove SET attempts = attempts + 1, remove_after = ?"
            " WHERE place = ? AND file_key = ?",
            (self._database.now() + pause_s, file.place, file.file_key),
        )


FORGET_AT_ONCE = (
    "DELETE FROM held_pictures WHERE user_id = ?",
    "DELETE FROM album_items WHERE user_id = ?",
    "DELETE FROM preferences WHERE user_id = ?",
    "DELETE FROM product_preferences WHERE user_id = ?",
    "DELETE FROM awaited_words WHERE user_id = ?",
    "DELETE FROM awaited_drafts WHERE admin_id = ?",
    "DELETE FROM questions WHERE user_id = ?",
    "DELETE FROM usernames WHERE user_id = ?",
    "DELETE FROM promo_tries WHERE user_id = ?",
    "DELETE FROM referrals WHERE user_id = ?",
    "DELETE FROM referrals WHERE inviter_id = ?",
    "DELETE FROM transfers WHERE user_id = ? AND state = 'awaiting'",
)

FORGET_NAMES = (
    (
        "DELETE FROM picture_messages WHERE item_id IN"
        " (SELECT item_id FROM items WHERE user_id = :user_id)"
    ),
    (
        "UPDATE jobs SET user_id = :nobody, chat_id = :nobody, message_id = job_id,"
        " progress_message_id = NULL, prompt = '-', params = '{}', options = '{}', language = '',"
        " input_file_id = NULL, more_inputs = '[]', input_uploads = '[]',"
        " input_url = NULL, input_uploaded_at = NULL,"
        " reply_to_message_id = NULL, closed_at = coalesce(closed_at, :now)"
        " WHERE user_id = :user_id"
    ),
    (
        "UPDATE items SET user_id = :nobody, file_key = NULL, stored_url = NULL,"
        " store_after = NULL, sent_file_id = NULL, sent_as = NULL, failure_detail = '',"
        " task_id = CASE WHEN task_id IS NOT NULL THEN 'forgotten-' || item_id END,"
        " result_url = CASE WHEN result_url IS NOT NULL THEN '' END,"
        " message_id = CASE WHEN message_id IS NOT NULL THEN 0 END WHERE user_id = :user_id"
    ),
    (
        "UPDATE journal SET subject = CAST(:nobody AS TEXT),"
        " before = iif(action IN ('ban', 'fail'), '', before),"
        " after = iif(action IN ('ban', 'fail'), '', after)"
        # A model, a promo code or a broadcast may have the same number.
        " WHERE subject = CAST(:user_id AS TEXT)"
        " AND action IN ('grant', 'ban', 'fail', 'payment refund', 'transfer')"
    ),
    "UPDATE broadcast_recipients SET user_id = :nobody, error = '' WHERE user_id = :user_id",
    "UPDATE daily_people SET user_id = :nobody WHERE user_id = :user_id",
    # A refund on its way keeps whom the money goes to until it is there.
    (
        "UPDATE payment_refunds SET reason = '' WHERE payment_id IN"
        " (SELECT payment_id FROM payments WHERE user_id = :user_id)"
    ),
    "UPDATE payments SET user_id = :nobody WHERE user_id = :user_id",
    (
        "UPDATE payment_orders SET user_id = :nobody, language = '', waiting_chat_id = NULL,"
        " waiting_message_id = NULL WHERE user_id = :user_id"
    ),
    (
        "UPDATE transfers SET user_id = :nobody, file_id = NULL, sent_as = NULL,"
        " state = iif(state = 'open', 'refused', state), decided_at = coalesce(decided_at, :now)"
        " WHERE user_id = :user_id"
    ),
    "UPDATE promo_uses SET user_id = :nobody, mark = :mark WHERE user_id = :user_id",
    (
        "UPDATE referral_rewards SET inviter_id = :nobody,"
        " state = iif(state = 'pending', 'undone', state) WHERE inviter_id = :user_id"
    ),
    (
        "INSERT INTO left_people (mark, daily_on) SELECT :mark, daily_on FROM users"
        " WHERE user_id = :user_id ON CONFLICT DO UPDATE SET daily_on ="
        " coalesce(max(daily_on, excluded.daily_on), daily_on, excluded.daily_on)"
    ),
)


def welcome_mark(secret: str) -> Callable[[int], str]:
    """What tells that somebody had their welcome tokens, without telling who: of use only to
    one who has the secret and knows whom to ask for."""

    def mark(user_id: int) -> str:
        digest = hmac.new(secret.encode(), str(user_id).encode(), hashlib.sha256).hexdigest()
        return f"welcome:~{digest}"

    return mark
