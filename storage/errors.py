"""The errors of storage.

StorageError
  StorageBusyError           somebody else holds the database; nothing changed, asking again is safe
  StorageFullError           the disk or the quota is full, or read-only; nothing changed
  StorageCorruptError        the file is damaged, or no database
  DatabaseInUseError         another process of this bot uses the data directory
  ForeignDataError           the data are those of another bot; nothing changed
  SchemaError                this program and this database do not fit each other
  InsufficientTokensError    the person has fewer tokens than the request costs; nothing charged
  TooManyActiveItemsError   the person has too many unfinished items; nothing charged
  UnpricedValueError         a value that changes the cost has no price; nothing charged
  ModelUnavailableError      the model was switched off meanwhile; nothing charged
    MaintenanceError         no orders are taken at all; nothing charged
  UnknownModelError          there is no model of that slug; nothing changed
  PriceNotSetError           the model has no price yet; nothing changed
  SlugTakenError             another model has that slug; nothing changed
  BuiltInModelError          the model comes with the program and cannot be removed
  UnknownUserError           nobody by that id has ever talked to the bot
  PackUnavailableError       the pack is not on sale, or there is none of that slug; nothing changed
  UnknownPaymentError        there is no such payment; nothing changed
  ForeignPaymentError        the payment was made to another bot; nothing changed
  CodeTakenError             there is a promo code of that name; nothing changed
  UnknownCodeError           there is no promo code of that name; nothing changed
  StaleItemError            the item is no longer in the state the caller saw; nothing changed
"""

import sqlite3
from collections.abc import Sequence

from providers.base import Field


class StorageError(Exception):
    """The database failed, for a reason outside this program."""


class StorageBusyError(StorageError):
    """Another process holds the database; nothing was changed."""


class StorageFullError(StorageError):
    """Nothing can be written: the disk is full or read-only; nothing was changed."""


class StorageCorruptError(StorageError):
    """The file is damaged, or no database at all."""


class DatabaseInUseError(StorageError):
    """Another process of this bot uses the data directory."""


class ForeignDataError(StorageError):
    """The data are those of another bot; nothing was changed."""


class SchemaError(StorageError):
    """The database does not fit this program."""


class InsufficientTokensError(StorageError):
    """A request costs more than the balance; nothing was charged."""

    def __init__(self, *, needed: int, balance: int) -> None:
        super().__init__(f"needed {needed}, balance {balance}")
        self.needed = needed
        self.balance = balance


class TooManyActiveItemsError(StorageError):
    """A request would exceed the unfinished items one person may have; nothing was charged."""

    def __init__(self, *, active: int, limit: int) -> None:
        super().__init__(f"{active} active, limit {limit}")
        self.active = active
        self.limit = limit


class ModelUnavailableError(StorageError):
    """The model asked for is not on sale; nothing was charged."""


class MaintenanceError(ModelUnavailableError):
    """No orders are taken for now; nothing was charged. `text` is the admins' message."""

    def __init__(self, text: str) -> None:
        super().__init__("maintenance")
        self.text = text


class UnpricedValueError(StorageError):
    """A value that changes the cost has no price; `on_sale` have one. Nothing was charged."""

    def __init__(self, field: Field, value: str, on_sale: Sequence[str]) -> None:
        super().__init__(field.param, value)
        self.field = field
        self.value = value
        self.on_sale = on_sale


class PriceChangedError(StorageError):
    """An item costs `price` now, which is not what the person said yes to; nothing was charged."""

    def __init__(self, price: int) -> None:
        super().__init__(f"the price is {price} now")
        self.price = price


class ModelError(StorageError):
    """What was asked for cannot be done to the model of that slug; nothing was changed."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class UnknownModelError(ModelError):
    """There is no model of that slug."""


class PriceNotSetError(ModelError):
    """The model has no price yet."""


class SlugTakenError(ModelError):
    """Another model has that slug."""


class BuiltInModelError(ModelError):
    """The model comes with the program."""


class UnknownUserError(StorageError):
    """Nobody by that id has talked to the bot."""


class PackUnavailableError(StorageError):
    """The pack is not on sale, or there is none of that slug; nothing was changed."""


class UnknownPaymentError(StorageError):
    """There is no such payment; nothing was changed."""


class ForeignPaymentError(StorageError):
    """The Stars were paid to another bot, which alone can give them back; nothing was changed."""


class CodeTakenError(StorageError):
    """There is a promo code of that name; nothing was changed."""


class UnknownCodeError(StorageError):
    """There is no promo code of that name; nothing was changed."""


class StaleItemError(StorageError):
    """The item was moved by someone else; nothing was changed."""


def storage_error(error: sqlite3.Error) -> StorageError:
    """Our error for one of SQLite's; chain it with `from`."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StorageBusyError(f"the database is held by another program ({name}: {error})")
    if name.startswith(("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")):
        return StorageFullError(
            f"the database cannot be written: make room on the disk of DATA_DIR and check its"
            f" permissions ({name}: {error})"
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StorageCorruptError(
            f"the database file is damaged: bring back a backup with main.py restore FILE, which"
            f" keeps the damaged one beside it ({name}: {error})"
        )
    return StorageError(f"{name}: {error}")
