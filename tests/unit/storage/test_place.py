"""Placing a job: charged as a whole, once, or not at all."""

import asyncio

import pytest

from storage.audit import broken_invariants
from storage.catalogue import Catalogue
from storage.errors import (
    InsufficientTokensError,
    ModelUnavailableError,
    TooManyActiveItemsError,
)
from storage.items import ItemStatus
from storage.jobs import PlacedJob
from tests.unit.storage.shop import NOW, PRICE, SLUG, Shop


async def test_a_job_is_charged_image_by_image(shop: Shop) -> None:
    await shop.customer(tokens=200)
    placed = await shop.place(quantity=2)
    assert placed is not None
    assert (placed.charged, placed.balance) == (2 * PRICE, 200 - 2 * PRICE)
    assert [(item.position, item.cost, item.status) for item in placed.items] == [
        (1, PRICE, ItemStatus.QUEUED),
        (2, PRICE, ItemStatus.QUEUED),
    ]
    entries = await shop.rows("SELECT * FROM ledger WHERE kind = 'charge' ORDER BY entry_id")
    assert [(entry["item_id"], entry["amount"], entry["created_at"]) for entry in entries] == [
        (item.item_id, -PRICE, NOW) for item in placed.items
    ]
    assert await shop.ledger.balance(1) == 200 - 2 * PRICE
    assert await broken_invariants(shop.database) == []


async def test_the_job_is_kept_as_it_was_asked_for(shop: Shop) -> None:
    await shop.customer()
    placed = await shop.place(quantity=2, message_id=77, chat_id=5, language="en")
    assert placed is not None
    view = await shop.jobs.view(placed.job_id)
    job = view.job
    assert (job.origin.user_id, job.origin.chat_id, job.origin.message_id, job.origin.language) == (
        1,
        5,
        77,
        "en",
    )
    assert (job.order.prompt, job.price, job.created_at) == ("рыжая лиса", PRICE, NOW)
    assert (job.order.params, job.order.options) == ({"aspect_ratio": "16:9"}, {"weird": [1, None]})
    assert (job.progress_message_id, job.closed_at) == (None, None)
    assert view.items == placed.items
    assert (view.model.name, view.model.provider) == ("Midjourney V6", "midjourney")
    assert view.balance == placed.balance


async def test_a_repeated_message_does_nothing(shop: Shop) -> None:
    await shop.customer()
    assert await shop.place() is not None
    before = await shop.everything()
    assert await shop.place(prompt="другое", quantity=3) is None
    assert await shop.everything() == before


async def test_a_repeat_is_known_before_anything_else_is_refused(shop: Shop) -> None:
    await shop.customer(tokens=PRICE)
    assert await shop.place(max_active_items=1) is not None
    await shop.run("UPDATE models SET enabled = 0")
    assert await shop.place(max_active_items=1) is None


async def test_the_same_number_in_another_chat_is_another_message(shop: Shop) -> None:
    await shop.customer()
    assert await shop.place(chat_id=1) is not None
    assert await shop.place(chat_id=2) is not None


async def test_the_price_is_that_of_the_moment_of_charging(shop: Shop) -> None:
    await shop.customer(tokens=10)
    await shop.run("UPDATE models SET price = 4")
    placed = await shop.place(quantity=2)
    assert placed is not None
    assert (placed.charged, placed.balance) == (8, 2)
    assert [item.cost for item in placed.items] == [4, 4]
    await shop.run("UPDATE models SET price = 1000")
    assert (await shop.jobs.view(placed.job_id)).job.price == 4


async def test_a_higher_price_than_the_one_read_is_not_covered(shop: Shop) -> None:
    await shop.customer(tokens=PRICE)
    await shop.run("UPDATE models SET price = 80")
    with pytest.raises(InsufficientTokensError) as caught:
        await shop.place()
    assert (caught.value.needed, caught.value.balance) == (80, PRICE)


async def test_a_disabled_model_charges_nothing(shop: Shop) -> None:
    await shop.customer()
    await shop.run("UPDATE models SET enabled = 0")
    before = await shop.everything()
    with pytest.raises(ModelUnavailableError):
        await shop.place()  # the caller still holds it as enabled
    assert await shop.everything() == before


async def test_too_few_tokens_charge_nothing(shop: Shop) -> None:
    await shop.customer(tokens=2 * PRICE - 1)
    before = await shop.everything()
    with pytest.raises(InsufficientTokensError) as caught:
        await shop.place(quantity=2)
    assert (caught.value.needed, caught.value.balance) == (2 * PRICE, 2 * PRICE - 1)
    assert await shop.everything() == before
    assert await shop.place(quantity=1) is not None


async def test_somebody_who_was_never_here_has_no_tokens(shop: Shop) -> None:
    with pytest.raises(InsufficientTokensError) as caught:
        await shop.place(user_id=4)
    assert caught.value.balance == 0
    assert await shop.rows("SELECT * FROM jobs") == []


async def test_too_many_active_images_charge_nothing(shop: Shop) -> None:
    await shop.customer()
    await shop.customer(2)
    placed = await shop.place(quantity=3, max_active_items=4)
    assert placed is not None
    before = await shop.everything()
    with pytest.raises(TooManyActiveItemsError) as caught:
        await shop.place(message_id=11, quantity=2, max_active_items=4)
    assert (caught.value.active, caught.value.limit) == (3, 4)
    assert await shop.everything() == before
    assert await shop.place(user_id=2, message_id=12, quantity=4, max_active_items=4) is not None
    # What has ended does not count any more.
    await shop.walk(placed.items[0], "delivered")
    await shop.walk(placed.items[1], "failed")
    assert await shop.place(message_id=11, quantity=3, max_active_items=4) is not None


@pytest.mark.parametrize("status", ["queued", "submitting", "generating", "ready"])
async def test_every_unfinished_image_is_active(shop: Shop, status: str) -> None:
    await shop.customer()
    await shop.item(status)
    with pytest.raises(TooManyActiveItemsError):
        await shop.place(message_id=11, max_active_items=1)


async def test_fifty_at_once_with_tokens_for_ten(shop: Shop) -> None:
    await shop.customer(tokens=10 * PRICE + PRICE - 1)
    results = await asyncio.gather(
        *(shop.place(message_id=number, max_active_items=100) for number in range(50)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, PlacedJob) for result in results) == 10
    assert sum(isinstance(result, InsufficientTokensError) for result in results) == 40
    assert await shop.ledger.balance(1) == PRICE - 1
    counts = {table: len(rows) for table, rows in (await shop.everything()).items()}
    assert counts == {"users": 1, "models": 1, "jobs": 10, "items": 10, "ledger": 11}
    assert await broken_invariants(shop.database) == []


async def test_one_message_fifty_times_at_once(shop: Shop) -> None:
    await shop.customer()
    results = await asyncio.gather(*(shop.place() for _ in range(50)))
    assert sum(result is not None for result in results) == 1
    assert await shop.ledger.balance(1) == 1000 - PRICE


async def test_the_first_model_is_the_enabled_one_that_stands_first(shop: Shop) -> None:
    catalogue = Catalogue(shop.database)
    assert await catalogue.first() == shop.model
    assert (shop.model.name, shop.model.provider, shop.model.price) == (
        "Midjourney V6",
        "midjourney",
        PRICE,
    )
    assert (shop.model.input_images, shop.model.enabled, shop.model.position) == (1, True, 1)
    for slug, enabled, position in (("off", 0, 1), ("third", 1, 3), ("second", 1, 2)):
        await shop.run(
            "INSERT INTO models (slug, name, provider, input_images, price, enabled, position)"
            " VALUES (?, 'x', 'midjourney', 0, 5, ?, ?)",
            slug,
            enabled,
            position,
        )
    assert await catalogue.first() == shop.model
    await shop.run("UPDATE models SET enabled = 0 WHERE slug = ?", SLUG)
    second = await catalogue.first()
    assert second is not None
    assert second.slug == "second"
    off = await catalogue.get("off")
    assert off is not None
    assert off.enabled is False
    assert await catalogue.get("nothing") is None
    await shop.run("UPDATE models SET enabled = 0")
    assert await catalogue.first() is None
