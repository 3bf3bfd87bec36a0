"""The journal: written with the change, never twice, never changed."""

import pytest

from storage.broadcasts import Broadcasts
from storage.catalogue import Catalogue, ModelField
from storage.errors import StorageError, UnknownModelError, UnknownUserError
from storage.files import Buckets
from storage.forgetting import Forgetting
from storage.journal import Act, Journal
from storage.maintenance import Maintenance
from storage.people import People
from tests.unit.storage.shop import SLUG, Shop


async def test_a_change_and_its_entry_are_one(shop: Shop) -> None:
    catalogue, journal = Catalogue(shop.database), Journal(shop.database)
    first = await catalogue.set(SLUG, ModelField.PRICE, 100, Act("9:1", 9))
    assert (first.before, first.after) == ("79", "100")
    await catalogue.set(SLUG, ModelField.PRICE, 200, Act("9:2", 9))
    repeat = await catalogue.set(SLUG, ModelField.PRICE, 100, Act("9:1", 9))
    assert repeat == first
    model = await catalogue.get(SLUG)
    assert model is not None
    assert model.price == 200, "the repeat undid nothing"
    with pytest.raises(StorageError, match="price BETWEEN"):
        await catalogue.set(SLUG, ModelField.PRICE, 0, Act("9:3", 9))
    with pytest.raises(UnknownModelError):
        await catalogue.move("other", 1, Act("9:4", 9))
    with pytest.raises(UnknownUserError):
        await People(shop.database).ban(4, "", Act("9:5", 9))
    assert [entry.after for entry in await journal.last(10)] == ["200", "100"]
    assert [entry.after for entry in await journal.last(1, 1)] == ["100"]
    assert await journal.count() == 2


async def test_a_grant_is_in_the_journal_once(shop: Shop) -> None:
    await shop.customer(1, tokens=10)
    for _ in range(2):
        await shop.ledger.grant(1, 5, grant_key="9:1", granted_by=9)
    (entry,) = await Journal(shop.database).last(10)
    assert (entry.admin_id, entry.action, entry.subject) == (9, "grant", "1")
    assert (entry.before, entry.after) == ("10", "15")


async def test_maintenance_is_in_the_way_of_every_order(shop: Shop) -> None:
    await shop.customer(1)
    await Maintenance(shop.database).set_text("скоро", Act("9:1", 9))
    with pytest.raises(StorageError, match="maintenance"):
        await shop.place()
    assert await shop.rows("SELECT * FROM jobs") == []
    await Maintenance(shop.database).set_text(None, Act("9:2", 9))
    assert await shop.place() is not None


@pytest.mark.parametrize(
    "sql", ["UPDATE journal SET after = 'x'", "DELETE FROM journal WHERE entry_id = 1"]
)
async def test_entries_stay_as_they_are(shop: Shop, sql: str) -> None:
    await Catalogue(shop.database).set(SLUG, ModelField.NAME, "x", Act("9:1", 9))
    with pytest.raises(StorageError, match="append-only"):
        await shop.run(sql)


async def test_use_counts_pictures_that_were_delivered(shop: Shop) -> None:
    await shop.customer(1)
    for number, status in enumerate(("delivered", "failed", "generating", "delivered")):
        await shop.item(status, message_id=10 + number)
    model = await Catalogue(shop.database).get(SLUG)
    assert model is not None
    assert model.used == 2


async def test_names_are_written_when_they_change_only(shop: Shop) -> None:
    people = People(shop.database)
    await people.note_name(1, "anna", "Анна")  # nobody yet: nothing to keep
    await shop.customer(1)
    await shop.run("CREATE TABLE written (name TEXT)")
    await shop.run(
        "CREATE TRIGGER note_writes AFTER UPDATE OF first_name ON users"
        " BEGIN INSERT INTO written VALUES (NEW.first_name); END"
    )
    for name in ("Анна", "Анна", "Аня", "Аня"):
        await people.note_name(1, "anna", name)
        await shop.database.write(lambda _: None)  # behind the note
    assert await shop.rows("SELECT name FROM written") == [{"name": "Анна"}, {"name": "Аня"}]
    assert [each.first_name for each in await people.named("ANNA")] == ["Аня"]


async def test_a_ban_holds_at_once_and_for_a_new_process(shop: Shop) -> None:
    people = People(shop.database)
    await shop.customer(1)
    assert await people.ban_of(1) is None
    await people.ban(1, "спам", Act("9:1", 9))
    assert await people.ban_of(1) == await People(shop.database).ban_of(1) == "спам"
    await people.unban(1, Act("9:2", 9))
    assert await people.ban_of(1) is None


async def test_who_leaves_takes_along_no_entry_of_a_thing_with_the_same_number(shop: Shop) -> None:
    broadcasts = Broadcasts(shop.database)
    number = await broadcasts.ask(asked_key="9:1", admin_id=9, language="ru", message_id=7)
    assert number == await shop.customer(1)
    await broadcasts.begin(number, Act("9:2", 9), 8)
    await shop.ledger.grant(1, 5, grant_key="9:3", granted_by=9)
    forgetting = Forgetting(shop.database, buckets=Buckets(), welcome_mark=str)
    assert await forgetting.forget(1) == 0
    entries = await Journal(shop.database).last(10)
    assert [(each.action, each.subject) for each in entries] == [
        ("grant", "-1"),
        ("broadcast", "1"),
    ]
