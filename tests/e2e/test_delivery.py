"""Pictures that are hard to deliver, over HTTP: what KIE finished arrives somewhere, once."""

from functools import partial
from typing import Any

import bot.telegram.aiogram_patches  # noqa: F401 - before aiogram

# isort: split
import pytest
from aiogram import Bot
from aiogram.methods import SendPhoto, TelegramMethod

from bot.demo.telegram import Message, Person
from bot.demo.telegram.state import Chat
from bot.telegram.session import Session
from tests.support import World

GROUP = -500


def said(chat: Chat) -> list[Message]:
    return [each for each in chat.messages if each.from_bot]


async def status(world: World, wanted: str) -> None:
    await world.until(lambda: world.rows("SELECT status FROM items") == [{"status": wanted}])


# --- What a group refuses


REFUSALS = (
    "not enough rights to send photos to the chat",
    "CHAT_SEND_PHOTOS_FORBIDDEN",
    "CHAT_SEND_MEDIA_FORBIDDEN",
    "CHAT_WRITE_FORBIDDEN",
    "CHAT_RESTRICTED",
    "CHAT_ADMIN_REQUIRED",
    "TOPIC_CLOSED",
    "have no rights to send a message",
    "need administrator rights in the channel chat",
    "something that nobody has heard of",
)


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_what_a_group_refuses_comes_in_private(world: World, refusal: str) -> None:
    anna = await world.customer(tokens=79)
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    for method in ("sendPhoto", "sendDocument"):
        world.telegram.fault(method, status=400, description=refusal, chat_id=GROUP, times=None)
    anna.send("/draw кот", chat=group)
    (picture,) = await world.pictures(anna, 1)
    await status(world, "delivered")
    assert picture.words.startswith("Midjourney V6")
    assert picture.reply_to is None
    assert world.balance(anna.user_id) == 0


@pytest.mark.parametrize("closed", [{"forbidden": ("photos", "documents")}, {"topic_closed": True}])
async def test_a_group_without_media_or_with_a_closed_topic(
    world: World, closed: dict[str, Any]
) -> None:
    anna = await world.customer(tokens=79)
    world.kie.task_seconds = 60
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    anna.send("/draw кот", chat=group)
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    await world.telegram.wait_for(lambda: said(group))
    world.telegram.restrict_group(GROUP, *closed.pop("forbidden", ()), **closed)
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    assert not [each for each in said(group) if each.photo or each.document]
    assert world.balance(anna.user_id) == 0


async def test_what_a_group_refuses_waits_for_a_person_whom_the_bot_may_not_write_to(
    world: World,
) -> None:
    anna = await world.customer(tokens=79)
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    world.telegram.restrict_group(GROUP, "photos", "documents")
    anna.block()
    anna.send("/draw кот", chat=group)
    await world.until(
        lambda: (
            bool(world.rows("SELECT 1 FROM users WHERE blocked_at IS NOT NULL"))
            and world.rows("SELECT status FROM items") == [{"status": "ready"}]
        )
    )
    await world.stop()
    await world.start()
    await world.until(lambda: world.rows("SELECT status FROM items") == [{"status": "ready"}])
    anna.unblock()
    await world.pictures(anna, 1)
    await world.closed()
    assert len(world.kie.tasks) == 1
    assert world.balance(anna.user_id) == 0


async def test_who_never_wrote_in_private_is_told_once_where_the_pictures_are(
    world: World,
) -> None:
    await world.stop()
    await world.start(welcome_tokens=1000)
    anna = world.person(1001, "Анна")
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    world.telegram.restrict_group(GROUP, "photos", "documents")
    asked = anna.send("/draw кот --n 2", chat=group)
    await world.telegram.wait_for(lambda: hints(group))
    await world.until(lambda: len(world.rows("SELECT 1 FROM items WHERE status = 'ready'")) == 2)
    sent = len(world.telegram.calls_of("sendPhoto"))
    await world.stop()
    await world.start()
    await world.telegram.wait_for(lambda: len(world.telegram.calls_of("sendPhoto")) > sent)
    anna.send("/start")
    await world.pictures(anna, 2)
    await world.closed()
    (hint,) = hints(group)
    assert hint.reply_to is not None
    assert hint.reply_to.message_id == asked
    assert len(world.kie.tasks) == 2


def hints(group: Chat) -> list[Message]:
    told = "Сюда мне нельзя присылать картинки"
    return [each for each in said(group) if each.words.startswith(told)]


async def test_a_picture_that_telegram_takes_only_plain(world: World) -> None:
    """Whatever it has against the caption and the buttons."""
    anna = await world.customer(tokens=79)
    refusal = "Bad Request: DECORATION_INVALID"
    world.telegram.fault("sendPhoto", status=400, description=refusal, times=None)
    world.telegram.fault("sendDocument", status=400, description=refusal)
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    assert picture.document is not None
    assert (picture.words, picture.buttons, picture.reply_to) == ("", [], None)
    await world.closed()
    assert world.balance(anna.user_id) == 0


async def test_only_a_private_chat_that_refuses_a_plain_document_ends_a_picture(
    world: World,
) -> None:
    anna = await world.customer(tokens=79)
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    for method in ("sendPhoto", "sendDocument"):
        world.telegram.fault(method, status=400, description="Bad Request: NEVER", times=None)
    anna.send("/draw кот", chat=group)
    await status(world, "failed")
    await world.closed()
    assert world.rows("SELECT status, failure FROM items") == [
        {"status": "failed", "failure": "not_delivered"}
    ]
    tried = [
        (call.method, call.params["chat_id"])
        for call in world.telegram.calls
        if call.method in {"sendPhoto", "sendDocument"}
    ]
    assert tried == [
        ("sendPhoto", GROUP),
        ("sendDocument", GROUP),
        ("sendDocument", GROUP),
        ("sendPhoto", anna.user_id),
        ("sendDocument", anna.user_id),
        ("sendDocument", anna.user_id),
    ]
    assert world.balance(anna.user_id) == 79


# --- Answers that are lost


async def lost(world: World, count: int) -> None:
    await world.until(lambda: world.rows("SELECT lost_sendings AS n FROM items") == [{"n": count}])


async def test_a_picture_whose_answers_are_always_lost_is_sent_three_times(world: World) -> None:
    anna = await world.customer()
    world.telegram.fault("sendPhoto", cut_after_effect=True, times=None)
    anna.send("кот")
    await status(world, "delivered")
    await world.closed()
    assert len(await world.pictures(anna, 3)) == 3
    assert world.rows("SELECT status, message_id, lost_sendings FROM items") == [
        {"status": "delivered", "message_id": 0, "lost_sendings": 3}
    ]
    await world.said(anna, lambda text: text.startswith("Готово: пришла 1 картинка."))
    world.telegram.mend()
    anna.send("/history")
    card = await world.said(anna, lambda text: text.startswith("Ваши картинки"))
    anna.press(card, "1")
    await world.pictures(anna, 4)


async def test_lost_answers_are_counted_across_restarts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.tools.background.STOP_S", 0.0)
    await world.stop()
    world.tune(lost_pauses_s=(3600.0, 3600.0))
    await world.start()
    anna = await world.customer()
    world.telegram.fault("sendPhoto", cut_after_effect=True, times=None)
    anna.send("кот")
    for count in (1, 2):
        await lost(world, count)
        await world.kill()
        await world.start()
    await world.closed()
    assert len(await world.pictures(anna, 3)) == 3


async def test_while_telegram_is_out_of_reach_no_picture_counts_as_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway's page may hide a sending that went through; not again and again."""
    monkeypatch.setattr("bot.telegram.lanes.FIRST_PAUSE_S", 0.01)
    anna = await world.customer()
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    outage = world.telegram.fault("*", html=502, times=None)
    world.kie.finish(world.kie.tasks[0])
    await world.telegram.wait_for(
        lambda: len([call for call in world.telegram.calls_of("sendChatAction") if call.error]) > 2
    )
    world.telegram.withdraw(outage)
    await world.pictures(anna, 1)
    await world.closed()
    assert world.rows("SELECT lost_sendings FROM items") == [{"lost_sendings": 1}]
    assert len(world.telegram.calls_of("sendPhoto")) == 2


async def test_the_chat_goes_on_while_a_picture_cannot_be_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.tools.background.STOP_S", 0.0)
    await world.stop()
    world.tune(lost_pauses_s=(3600.0, 3600.0))
    await world.start()
    anna = await world.customer()
    world.telegram.fault("sendPhoto", cut_before_effect=True)
    world.telegram.fault("sendPhoto", hang=True)
    anna.send("кот")
    await world.telegram.wait_for(lambda: world.telegram.calls_of("sendPhoto"))
    anna.send("пёс")
    await world.telegram.wait_for(lambda: len(world.telegram.calls_of("sendPhoto")) == 2)
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("842 "))
    assert await world.pictures(anna, 0) == []
    await world.kill()


async def test_a_larger_picture_has_more_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_request = Session.make_request
    limits: list[float | None] = []

    async def note(self: Session, bot: Bot, method: TelegramMethod[Any], **options: Any) -> Any:
        if isinstance(method, SendPhoto):
            limits.append(options["timeout"])
        return await make_request(self, bot, method, **options)

    monkeypatch.setattr(Session, "make_request", note)
    anna = await world.customer()
    world.kie.next_result(size_bytes=3_000_000)
    anna.send("кот")
    await world.pictures(anna, 1)
    anna.send("кот")
    await world.pictures(anna, 2)
    await world.closed()
    assert limits == [90, 60]


# --- Whose turn it is


async def test_wishes_of_a_chat_that_has_to_wait_do_not_hold_up_those_of_others(
    world: World,
) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    boris.send("пёс")
    await world.pictures(boris, 1)
    for count in range(1, 6):
        anna.send("/draw кот", chat=group)
        await world.telegram.wait_for(partial(has_pictures, group, count))
    await world.closed()
    world.telegram.fault("sendDocument", retry_after=3600, chat_id=GROUP, times=None)
    for each in [each for each in said(group) if each.photo]:
        anna.press(each, "Оригинал файлом", chat=group)
    await world.telegram.wait_for(lambda: world.telegram.calls_of("sendDocument"))
    (picture,) = await world.pictures(boris, 1)
    boris.press(picture, "Оригинал файлом")
    boris.send("/history")
    card = await world.said(boris, lambda text: text.startswith("Ваши картинки"))
    boris.press(card, "1")
    await world.pictures(boris, 3)
    to_the_group = [
        call for call in world.telegram.calls_of("sendDocument") if call.params["chat_id"] == GROUP
    ]
    assert len(to_the_group) == 1, "one request of a chat is under way"


def has_pictures(chat: Chat, count: int) -> bool:
    return sum(bool(each.photo) for each in said(chat)) >= count


async def test_who_asks_again_and_again_gets_the_picture_all_the_same(world: World) -> None:
    await world.stop()
    world.tune(chat_messages=(1, 0.05))
    await world.start(user_messages_per_minute=100_000)
    anna = await world.customer()
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    world.kie.finish(world.kie.tasks[0])
    for _ in range(200):  # there is always an answer to be said, as in a busy group
        for _ in range(2):
            anna.send("/balance")
        count = len(world.bot_messages(anna))
        await world.telegram.wait_for(partial(has_more_than, world, anna, count))
        if await world.pictures(anna, 0):
            break
    assert await world.pictures(anna, 0)


def has_more_than(world: World, person: Person, count: int) -> bool:
    return len(world.bot_messages(person)) > count


# --- The token


async def test_a_token_that_telegram_does_not_know_is_nobody_s_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.telegram.lanes.FIRST_PAUSE_S", 0.01)
    anna = await world.customer(tokens=79)
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    revoked = world.telegram.fault("*", status=401, description="Unauthorized", times=None)
    world.kie.finish(world.kie.tasks[0])
    await world.telegram.wait_for(lambda: len(world.telegram.calls_of("sendPhoto")) > 2)
    assert world.rows("SELECT 1 FROM users WHERE blocked_at IS NOT NULL") == []
    assert world.rows("SELECT status FROM items") == [{"status": "ready"}]
    assert "Telegram does not know BOT_TOKEN" in caplog.text
    world.telegram.withdraw(revoked)
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 0
