"""What people set, the words they are asked for, the questions they are asked, their movements."""

from typing import Any

import pytest

from storage.database import Database, Params
from storage.errors import InsufficientTokensError
from storage.ledger import Movement
from storage.preferences import ALWAYS, Awaited, Preferences, PreferenceStore
from storage.questions import ASKED_FOR_S, Question, Questions
from tests.unit.storage.shop import NOW, PRICE, SLUG, Shop, asked

NEGATIVE = Awaited("midjourney", "negative_prompt")


def question(**changes: Any) -> Question:
    values: dict[str, Any] = {"quantity": 2, "named": frozenset({"aspect_ratio"})}
    return Question(*asked(**{**values, **changes}), PRICE)


async def test_nobody_has_to_set_anything(shop: Shop) -> None:
    store = PreferenceStore(shop.database)
    assert await store.get(1) == Preferences()
    assert await store.language(1) is None
    await store.change(1)
    assert await shop.rows("SELECT * FROM preferences") == []


async def test_one_is_set_and_the_others_stay(shop: Shop) -> None:
    store = PreferenceStore(shop.database)
    await store.change(1, quantity=2, model=SLUG)
    await store.change(1, ask=ALWAYS)
    assert await store.get(1) == Preferences(quantity=2, model=SLUG, ask=ALWAYS)
    await store.change(1, quantity=None)
    assert await store.get(1) == Preferences(model=SLUG, ask=ALWAYS)


async def test_what_is_set_of_a_product_is_of_that_product_only(shop: Shop) -> None:
    store = PreferenceStore(shop.database)
    await store.change_params(1, "kling", {"duration": "10"})
    await store.change(1, quantity=2)
    await store.change_params(1, "midjourney", {"aspect_ratio": "16:9", "cfg_scale": 1.0})
    await store.change_params(1, "midjourney", {"aspect_ratio": None, "quality": "high"})
    own = await store.get(1)
    assert own.of("midjourney") == {"cfg_scale": 1.0, "quality": "high"}
    assert own.of("kling") == {"duration": "10"}
    assert (own.of("flux"), own.quantity) == ({}, 2)
    assert await store.get(2) == Preferences()


async def test_the_language_reaches_what_is_said_unasked(shop: Shop) -> None:
    store = PreferenceStore(shop.database)
    await shop.customer()
    await store.set_language(1, "en", "en")
    granted = await shop.ledger.grant(1, 5, grant_key="9:1", granted_by=9)
    assert (granted.language, await store.language(1)) == ("en", "en")
    await store.set_language(1, None, "ru")
    granted = await shop.ledger.grant(1, 5, grant_key="9:2", granted_by=9)
    assert (granted.language, await store.language(1)) == ("ru", None)


async def test_words_are_awaited_once_and_a_repeat_is_known(shop: Shop) -> None:
    store = PreferenceStore(shop.database)
    assert await store.awaited(1, 20, NOW) is None
    await store.await_words(1, 15, NEGATIVE, NOW)
    assert await store.awaited(1, 20, NOW + 599) == NEGATIVE
    assert await store.awaited(1, 20, NOW + 600) is None
    assert await store.take_words(1, 20, "frame") == 15
    assert await store.awaited(1, 20, NOW) == NEGATIVE, "the message came again: it is no prompt"
    assert await store.take_words(1, 20, "other") is None
    assert await store.awaited(1, 21, NOW) is None
    assert (await store.get(1)).of("midjourney") == {"negative_prompt": "frame"}
    await store.await_words(1, 15, NEGATIVE, NOW)
    await store.stop_awaiting(1)
    assert await store.awaited(1, 22, NOW) is None
    assert await store.awaited(1, 20, NOW) == NEGATIVE, "still known"


async def test_a_question_is_kept_until_it_is_answered_or_old(shop: Shop) -> None:
    now = [NOW]
    shop.database.now = lambda: now[0]
    questions = Questions(shop.database)
    await shop.customer(tokens=158)
    assert await questions.ask(question()) == 158
    assert await questions.get(1, 10, 1) == question()
    assert await questions.get(1, 10, 2) is None, "somebody else's"
    now[0] += ASKED_FOR_S
    assert await questions.get(1, 10, 1) is None
    now[0] += 1
    await questions.ask(question(message_id=11))
    (left,) = await shop.rows("SELECT message_id FROM questions")
    assert left["message_id"] == 11, "old ones do not stay"
    await questions.drop(1, 11)
    assert await questions.get(1, 11, 1) is None


async def test_what_cannot_be_paid_or_was_drawn_is_not_asked(shop: Shop) -> None:
    questions = Questions(shop.database)
    await shop.customer(tokens=157)
    with pytest.raises(InsufficientTokensError):
        await questions.ask(question())
    await shop.place()
    assert await questions.ask(question(quantity=1)) is None
    assert await shop.rows("SELECT * FROM questions") == []


async def test_the_images_of_a_job_move_tokens_together(shop: Shop) -> None:
    await shop.customer(tokens=1000)
    placed = await shop.place(quantity=3)
    assert placed is not None
    await shop.jobs.cancel(1)
    await shop.ledger.grant(1, 5, grant_key="9:1", granted_by=9, note="за идею")
    await shop.ledger.grant(1, 5, grant_key="9:2", granted_by=9, note="за идею")
    expected = [
        Movement("grant", 5, 1, "", NOW),
        Movement("grant", 5, 1, "", NOW),
        Movement("refund", 3 * PRICE, 3, "рыжая лиса", NOW),
        Movement("charge", -3 * PRICE, 3, "рыжая лиса", NOW),
        Movement("welcome", 1000, 1, "", NOW),
    ]
    assert await shop.ledger.movements(1, 8) == expected
    assert await shop.ledger.movements(1, 2) == expected[:2]


async def test_no_question_about_a_person_reads_a_whole_table(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, list[Any]]] = []
    fetch_all = Database.fetch_all

    async def note(self: Database, sql: str, params: Params = ()) -> Any:
        asked.append((sql, [*params]))
        return await fetch_all(self, sql, params)

    monkeypatch.setattr(Database, "fetch_all", note)
    store, questions = PreferenceStore(shop.database), Questions(shop.database)
    await store.get(1)
    await store.language(1)
    await store.awaited(1, 1, NOW)
    await questions.get(1, 10, 1)
    await shop.ledger.movements(1, 8)
    assert len(asked) == 5
    for sql, params in asked:
        plan = await fetch_all(shop.database, f"EXPLAIN QUERY PLAN {sql}", params)
        assert not [row["detail"] for row in plan if row["detail"].startswith("SCAN")], sql
