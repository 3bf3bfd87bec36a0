"""Messages to everyone: asked about first, within the limits, and nobody twice."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.admin.broadcast import AT_ONCE
from bot.app import serve
from bot.demo.telegram import CallbackQuery, FloodRules, Message, Person
from bot.settings import load_settings
from bot.telegram.messenger import Messenger
from bot.tuning import Tuning
from tests.e2e.test_nothing_lost import environment
from tests.processes import Forked
from tests.support import ADMIN, World, png

WORDS = "Новая модель уже здесь!"


@pytest.fixture
async def world(world: World) -> World:
    """Where nobody gets tokens to begin with: the admin's own draft is a prompt like any other."""
    await world.stop()
    await world.start(welcome_tokens=0)
    return world


async def crowd(world: World, count: int, first: int = 2001) -> list[Person]:
    """People who talked to the bot before; the bot is not running."""
    people = [
        world.telegram.add_person(first + n, f"Человек {n}", language_code="ru", started=True)
        for n in range(count)
    ]
    await world.write(
        "INSERT INTO users (user_id, language, created_at) SELECT value, 'ru', ? FROM json_each(?)",
        time.time(),
        json.dumps([person.user_id for person in people]),
    )
    return people


def copies(world: World, people: Iterable[Person]) -> Counter[int]:
    """How many copies each person has, by id; those with none are left out."""
    return Counter(
        person.user_id
        for person in people
        for message in world.bot_messages(person)
        if message.words == WORDS
    )


async def ask(world: World) -> Message:
    """The admin writes something and replies /broadcast to it; the question that follows."""
    admin = world.telegram.person(ADMIN)
    sent = admin.send(WORDS)
    admin.send("/broadcast", reply_to=sent)
    return await world.said(admin, lambda text: text.startswith("Разослать это сообщение?"))


async def pressed(world: World, message: Message, button: str) -> CallbackQuery:
    await world.telegram.wait_for(lambda: button in [each["text"] for each in message.buttons])
    press = world.telegram.person(ADMIN).press(message, button)
    await world.telegram.wait_for(lambda: press.answer)
    return press


def statuses(world: World) -> dict[str, int]:
    rows = world.rows("SELECT status, count(*) AS n FROM broadcast_recipients GROUP BY status")
    return {row["status"]: row["n"] for row in rows}


def ended(world: World, question: Message) -> Message | None:
    """What tells how it ended; the question became the card."""
    last = world.bot_messages(world.telegram.person(ADMIN))[-1]
    return last if last.message_id > question.message_id else None


async def prepared(world: World, count: int) -> list[Person]:
    """The bot with so many people, restarted."""
    await world.stop()
    people = await crowd(world, count)
    await world.start()
    return people


@pytest.mark.parametrize("button", ["Не рассылать", "Разослать"])
async def test_it_asks_first_with_the_number(world: World, button: str) -> None:
    people = await prepared(world, 5)
    people[0].block()
    await world.until(lambda: bool(world.rows("SELECT 1 FROM users WHERE blocked_at > 0")))
    question = await ask(world)
    assert "4 человека" in question.words
    assert question.reply_to is not None
    assert question.reply_to.words == WORDS
    assert copies(world, people) == {}
    await pressed(world, question, button)
    admin = world.telegram.person(ADMIN)
    if button == "Разослать":
        await world.said(admin, lambda text: text == "Разослано. Дошло: 4, всего 4 человека.")
        assert copies(world, people) == dict.fromkeys((p.user_id for p in people[1:]), 1)
        assert [row["action"] for row in world.rows("SELECT * FROM journal")] == ["broadcast"]
    else:
        await world.said(admin, lambda text: text == "Никому не отправлено.")
        again = world.telegram.person(ADMIN).forge(question, "broadcast:go:1")
        await world.telegram.wait_for(lambda: again.answer)
        assert again.answer is not None
        assert again.answer.text.startswith("Этот вопрос закрыт.")
        assert copies(world, people) == {}


async def test_pressed_twice_and_repeated_updates_send_once(world: World) -> None:
    people = await prepared(world, 3)
    admin = world.telegram.person(ADMIN)
    sent = admin.send(WORDS)
    world.telegram.updates.repeat_next()
    admin.send("/broadcast", reply_to=sent)
    question = await world.said(admin, lambda text: text.startswith("Разослать это сообщение?"))
    world.telegram.updates.repeat_next()
    presses = [admin.press(question, "Разослать") for _ in range(2)]
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    await world.said(admin, lambda text: text.startswith("Разослано."))
    assert copies(world, people) == dict.fromkeys((p.user_id for p in people), 1)
    assert len(world.rows("SELECT 1 FROM broadcasts")) == 1
    assert len(world.rows("SELECT 1 FROM journal")) == 1


BOX = "Пришлите сообщение таким"
QUESTION = "Разослать это сообщение?"


async def test_without_anybody_to_send_it_to_it_says_so(world: World) -> None:
    admin = world.telegram.person(ADMIN)
    sent = admin.send("/broadcast")
    await world.said(admin, lambda text: text.startswith("Рассылать некому"))
    admin.send("/broadcast", reply_to=sent)
    await world.telegram.wait_for(
        lambda: (
            len([m for m in world.bot_messages(admin) if m.words.startswith("Рассылать некому")])
            == 2
        )
    )
    assert not world.rows("SELECT 1 FROM awaited_drafts")


async def opened(world: World) -> tuple[Person, Message]:
    """The admin, and the message that opens a box for the next one."""
    admin = world.telegram.person(ADMIN)
    sent = admin.send("/broadcast")
    box = await world.telegram.wait_for(
        lambda: next((m for m in world.bot_messages(admin) if m.message_id > sent), None)
    )
    assert box.words.startswith(BOX)
    return admin, box


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("reply", [False, True])
async def test_alone_it_takes_the_next_message_and_draws_nothing_of_it(
    world: World, *, reply: bool, restart: bool
) -> None:
    people = await prepared(world, 2)
    admin, box = await opened(world)
    assert box.reply_markup == {
        "force_reply": True,
        "input_field_placeholder": "Сообщение для всех",
        "selective": True,
    }
    if restart:
        await world.stop()
        await world.start()
    draft = admin.send(WORDS, reply_to=box if reply else None)
    question = await world.said(admin, lambda text: text.startswith(QUESTION))
    assert question.reply_to is not None
    assert question.reply_to.message_id == draft
    assert copies(world, people) == {}
    await pressed(world, question, "Разослать")
    await world.said(admin, lambda text: text.startswith("Разослано. Дошло: 2"))
    assert copies(world, people) == dict.fromkeys((p.user_id for p in people), 1)
    assert world.rows("SELECT 1 FROM jobs") == []
    admin.send("кот")  # the next one is a prompt again
    await world.answered()
    assert len(world.rows("SELECT 1 FROM broadcasts")) == 1


async def test_a_picture_is_copied_and_of_an_album_the_first_one(world: World) -> None:
    (anna,) = await prepared(world, 1)
    admin, _ = await opened(world)
    first, *_ = admin.send_album([(png(), WORDS), (png(), None), (png(), None)])
    question = await world.said(admin, lambda text: text.startswith(QUESTION))
    assert question.reply_to is not None
    assert question.reply_to.message_id == first
    assert "только эта картинка" in question.words
    await pressed(world, question, "Разослать")
    await world.said(admin, lambda text: text.startswith("Разослано. Дошло: 1"))
    (copy,) = [m for m in world.bot_messages(anna) if m.photo]
    assert copy.words == WORDS
    assert world.rows("SELECT 1 FROM held_pictures") == []
    assert world.rows("SELECT 1 FROM album_items") == []
    assert len(world.rows("SELECT 1 FROM broadcasts")) == 1


@pytest.mark.parametrize("sent", ["voice", "sticker", "video", "location", "poll", "animation"])
async def test_anything_that_can_be_copied_is_taken(world: World, sent: str) -> None:
    await prepared(world, 1)
    admin, _ = await opened(world)
    admin.send_other(sent)
    await world.said(admin, lambda text: text.startswith(QUESTION))


@pytest.mark.parametrize("how", ["/cancel", "/models", "/balance", "/nothing", "later"])
async def test_it_does_not_wait_after_cancel_another_command_or_ten_minutes(
    world: World, how: str
) -> None:
    await prepared(world, 1)
    await world.write(
        "INSERT INTO ledger (user_id, kind, amount, grant_key, granted_by, created_at)"
        " SELECT ?1, 'grant', 500, 'k', ?1, 0 FROM users WHERE user_id = ?1",
        ADMIN,
    )
    admin, box = await opened(world)
    if how == "later":
        world.telegram.move_clock(601)
    else:
        admin.send(how)
        said = await world.telegram.wait_for(
            lambda: next(
                (m for m in world.bot_messages(admin) if m.message_id > box.message_id + 1), None
            )
        )
        assert (said.words == "Никому не отправлено.") == (how == "/cancel")
    admin.send("кот")
    await world.answered()
    assert world.rows("SELECT 1 FROM broadcasts") == []
    admin.send("/cancel")
    await world.said(admin, lambda text: "Отменять нечего" in text or "Отменено" in text)


async def test_what_comes_again_is_neither_drawn_nor_asked_about_twice(world: World) -> None:
    await prepared(world, 1)
    admin = world.telegram.person(ADMIN)
    admin.send("/broadcast")
    command = world.telegram.pending_updates[-1].update_id
    await world.said(admin, lambda text: text.startswith(BOX))
    admin.send(WORDS)
    draft = world.telegram.pending_updates[-1].update_id
    await world.said(admin, lambda text: text.startswith(QUESTION))
    await world.stop()  # a new process has not seen the updates
    world.telegram.updates.resend(command)
    world.telegram.updates.resend(draft)
    await world.start()
    await world.answered()
    assert len(world.rows("SELECT 1 FROM broadcasts")) == 1
    assert world.rows("SELECT 1 FROM jobs") == []
    assert world.rows("SELECT asked_at FROM awaited_drafts") == [{"asked_at": 0}]


async def test_nobody_but_an_admin_is_waited_for(world: World) -> None:
    anna = await world.customer()
    anna.send("/broadcast")
    await world.said(anna, lambda text: text.startswith("Такой команды нет."))
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.rows("SELECT 1 FROM awaited_drafts") == []


async def test_nobody_else_can(world: World) -> None:
    anna = await world.customer()
    sent = anna.send("/help")
    anna.send("/broadcast", reply_to=sent)
    await world.said(anna, lambda text: text.startswith("Такой команды нет."))
    question = await ask(world)
    own = world.bot_messages(anna)[0]
    for data in ("broadcast:go:1", "broadcast:no:1", "broadcast:stop:1"):
        anna.forge(own, data)
    for data in ("broadcast:go:", "broadcast:go:x", "broadcast:go:" + "9" * 30, "broadcast:x:1"):
        world.telegram.person(ADMIN).forge(question, data)
    await world.telegram.wait_for(lambda: all(press.answer for press in world.telegram.callbacks))
    assert [row["status"] for row in world.rows("SELECT status FROM broadcasts")] == ["asked"]
    assert copies(world, [anna]) == {}


async def test_an_old_question_is_closed(world: World) -> None:
    people = await prepared(world, 1)
    question = await ask(world)
    await world.stop()
    await world.write("UPDATE broadcasts SET created_at = created_at - 3700")
    await world.start()
    press = await pressed(world, question, "Разослать")
    assert press.answer is not None
    assert press.answer.text.startswith("Этот вопрос закрыт.")
    assert copies(world, people) == {}


async def test_who_cannot_be_reached_is_marked_and_listed(world: World) -> None:
    people = await prepared(world, 6)
    gone = people[1]
    question = await ask(world)
    world.telegram.fault(
        "copyMessage", status=403, description="bot was blocked by the user", chat_id=gone.user_id
    )
    lost = people[2]
    world.telegram.fault("copyMessage", cut_after_effect=True, chat_id=lost.user_id)
    odd = people[3]
    world.telegram.fault("copyMessage", status=400, description="VOICE", chat_id=odd.user_id)
    await pressed(world, question, "Разослать")
    admin = world.telegram.person(ADMIN)
    outcome = await world.telegram.wait_for(lambda: ended(world, question))
    assert outcome.words == (
        "Разослано. Дошло: 3, всего 6 человек.\nНе дошло: 2.\n"
        "Неизвестно, дошло ли, повторно не отправлялось: 1."
    )
    await pressed(world, outcome, "До кого не дошло")
    listed = await world.said(admin, lambda text: text.startswith("До кого не дошла"))
    assert listed.words.splitlines() == [
        "До кого не дошла последняя рассылка: 3 человека",
        f"{gone.user_id} · Forbidden: bot was blocked by the user",
        f"{odd.user_id} · Bad Request: VOICE",
        f"{lost.user_id} · нет ответа, могло и дойти",
    ]
    blocked = world.rows("SELECT user_id FROM users WHERE blocked_at IS NOT NULL")
    assert [row["user_id"] for row in blocked] == [gone.user_id]
    assert copies(world, people)[lost.user_id] == 1


async def test_what_nobody_foresaw_for_one_person_keeps_it_from_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await prepared(world, 6)
    copy = Messenger.copy

    async def copy_or_break(self: Messenger, chat_id: int, **how: Any) -> None:
        if chat_id == people[2].user_id and await how["receipt"].sending():
            raise RuntimeError("nobody foresaw this")
        await copy(self, chat_id, **how)

    monkeypatch.setattr(Messenger, "copy", copy_or_break)
    question = await ask(world)
    await pressed(world, question, "Разослать")
    outcome = await world.telegram.wait_for(lambda: ended(world, question))
    assert outcome.words == "Разослано. Дошло: 5, всего 6 человек.\nНе дошло: 1."


async def test_a_message_that_is_gone_ends_it_at_once(world: World) -> None:
    people = await prepared(world, 30)
    question = await ask(world)
    assert question.reply_to is not None
    admin = world.telegram.person(ADMIN)
    admin.delete(question.reply_to.message_id)
    await pressed(world, question, "Разослать")
    outcome = await world.said(admin, lambda text: text.startswith("Остановлено. Дошло: 0"))
    assert "message to copy not found" in outcome.words
    assert copies(world, people) == {}
    assert statuses(world)["pending"] > 0


async def test_a_token_that_is_refused_ends_it_and_marks_nobody(world: World) -> None:
    people = await prepared(world, 30)
    question = await ask(world)
    world.telegram.fault("copyMessage", status=401, description="Unauthorized", times=None)
    await pressed(world, question, "Разослать")
    await world.said(
        world.telegram.person(ADMIN), lambda text: text.startswith("Остановлено. Дошло: 0")
    )
    assert statuses(world)["pending"] > 0
    assert copies(world, people) == {}
    assert not world.rows("SELECT 1 FROM users WHERE blocked_at IS NOT NULL")


async def test_the_stop_button_stops_it(world: World) -> None:
    await world.stop()
    people = await crowd(world, 100)
    world.tune(bulk_messages=(20, 3600.0))
    await world.start()
    question = await ask(world)
    await pressed(world, question, "Разослать")
    admin = world.telegram.person(ADMIN)
    card = await world.said(admin, lambda text: text.startswith("Рассылаю. Дошло: 2"))
    assert card.message_id == question.message_id
    await pressed(world, card, "Остановить")
    await world.said(admin, lambda text: text.startswith("Остановлено. Дошло: 2"))
    had = copies(world, people)
    assert set(had.values()) == {1}
    assert len(had) < 50
    counts = {"sent": len(had), "pending": 100 - len(had)}
    await world.until(lambda: statuses(world) == counts)
    late = world.telegram.person(ADMIN).forge(card, "broadcast:stop:1")
    await world.telegram.wait_for(lambda: late.answer)
    assert late.answer is not None
    assert late.answer.text == "Рассылка уже не идёт."
    await world.stop()
    await world.start()
    await world.answered()
    assert copies(world, people) == had
    assert len(world.rows("SELECT 1 FROM journal")) == 2


async def test_answers_come_before_it(world: World) -> None:
    await world.stop()
    people = await crowd(world, 200)
    world.tune(bulk_messages=(20, 1.0), messages=(20, 1.0))
    await world.start()
    question = await ask(world)
    await pressed(world, question, "Разослать")
    await world.telegram.wait_for(lambda: len(copies(world, people)) > 5)
    begun = time.monotonic()
    last = people[-1]
    last.send("/balance")
    await world.said(last, lambda text: "токен" in text)
    assert time.monotonic() - begun < 1.5
    await pressed(world, question, "Остановить")
    await world.said(world.telegram.person(ADMIN), lambda text: text.startswith("Остановлено."))


# The real limits, ten times as fast; the emulator enforces them.
TUNING = Tuning(
    bulk_messages=(200, 1.0), messages=(300, 1.0), chat_messages=(1, 0.1), card_pause_s=0.3
)
LIMITS = FloodRules(per_chat_per_s=10, burst=3, overall_per_s=300)


def serve_tuned(environment: dict[str, str]) -> int:
    os.environ.update(environment)
    asyncio.run(serve(load_settings(None), asyncio.Event(), TUNING))
    return 0


@asynccontextmanager
async def process(world: World) -> AsyncIterator[None]:
    """The bot as a process of its own, killed at the end whatever it is doing."""
    started = Forked(serve_tuned, {**environment(world), "ADMIN_IDS": str(ADMIN)})
    try:
        yield
    finally:
        started.kill()
        await started.ended()


async def test_five_hundred_people_within_the_limits_killed_in_the_middle(world: World) -> None:
    people = await prepared(world, 500)
    question = await ask(world)
    await world.stop()
    blocked = people[5::50]
    for person in blocked:
        person.block()
    await world.telegram.wait_for(lambda: world.telegram.pending_updates)
    for person in people[7::100]:
        world.telegram.fault("copyMessage", retry_after=1, chat_id=person.user_id)
    world.telegram.flood = LIMITS
    admin = world.telegram.person(ADMIN)
    # Pressed before the bot hears who has blocked it: it has to find out.
    admin.press(question, "Разослать")
    async with process(world):
        begun = len(world.telegram.calls)
        await world.until(lambda: len(world.telegram.calls) > begun + 200)
    before = statuses(world)
    assert before["pending"] > 100
    async with process(world):
        outcome = await world.telegram.wait_for(lambda: ended(world, question))
    assert outcome.words.startswith("Разослано.")
    after = statuses(world)
    assert "pending" not in after
    unsure = after.get("sending", 0)
    assert unsure <= AT_ONCE
    had = copies(world, people)
    assert set(had.values()) == {1}, "nobody was served twice"
    assert after["sent"] <= len(had) <= after["sent"] + unsure
    assert not {person.user_id for person in blocked} & set(had)
    marked = {
        row["user_id"]
        for row in world.rows("SELECT user_id FROM users WHERE blocked_at IS NOT NULL")
    }
    assert marked == {person.user_id for person in blocked}
    turned_away = [call for call in world.telegram.calls if "retry after" in str(call.error)]
    assert len(turned_away) == 5, "those that were ordered: the limits were kept"
