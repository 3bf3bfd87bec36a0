"""Voice, stickers, videos and the like: one friendly sentence, nothing charged, quiet in groups."""

import pytest

from bot.demo.telegram.attachments import CAPTIONED, KINDS
from tests.support import World, png

OTHERS = ["voice", "sticker", "video", "contact", "location", "poll", "video_note", "audio"]
CANNOT = {
    "ru": "Такое я не понимаю, только слова и картинки: напишите, что нарисовать, или отправьте"
    " картинку с описанием. Ничего не списано.",
    "en": "I only understand words and pictures: write what to draw, or send a picture with words."
    " Nothing was charged.",
}
MOVES = {
    "ru": "Ваша картинка анимированная. Отправьте неподвижную. Ничего не списано.",
    "en": "Your picture is animated. Send a still picture. Nothing was charged.",
}
SENT = [(each, CANNOT) for each in OTHERS] + [("animation", MOVES)]


def test_every_kind_is_sent_here() -> None:
    assert {each for each, _ in SENT} == set(KINDS)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(("sent", "words"), SENT)
async def test_each_gets_one_sentence_and_costs_nothing(
    world: World, sent: str, words: dict[str, str], language: str
) -> None:
    anna = await world.customer(language=language)
    number = anna.send_other(sent)
    said = await world.said(anna, lambda text: text == words[language])
    assert said.reply_to is not None
    assert said.reply_to.message_id == number
    if sent in CAPTIONED:
        anna.send_other(sent, caption="кот --n 4")
        count = 2
    else:
        count = 1
    anna.send("/balance")
    await world.said(
        anna, lambda text: text.startswith("1000 token" if language == "en" else "1000 ток")
    )
    assert [m.words for m in anna.messages if m.from_bot].count(words[language]) == count
    assert len([m for m in world.bot_messages(anna) if m.reply_to]) == count
    assert world.rows("SELECT * FROM jobs") == []


@pytest.mark.parametrize("sent", [each for each, _ in SENT])
async def test_in_a_group_it_keeps_quiet(world: World, sent: str) -> None:
    anna = await world.customer()
    group = world.telegram.add_group(-500, "Группа", [anna])
    anna.send("/draw", chat=group)
    usage = await world.telegram.wait_for(
        lambda: next((m for m in group.messages if m.from_bot), None)
    )
    world.telegram.privacy_mode = False
    anna.send_other(sent, chat=group)
    anna.send_other(sent, chat=group, reply_to=usage)
    if sent in CAPTIONED:
        anna.send_other(sent, chat=group, reply_to=usage, caption="кот")
    await world.answered()
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("1000 токенов"))
    assert [m for m in group.messages if m.from_bot] == [usage]
    assert world.rows("SELECT * FROM jobs") == []


async def test_draw_with_a_video_is_answered_and_not_charged(world: World) -> None:
    anna = await world.customer()
    group = world.telegram.add_group(-500, "Группа", [anna])
    anna.send_other("video", caption="/draw кот", chat=group)
    said = await world.telegram.wait_for(
        lambda: next((m for m in group.messages if m.from_bot), None)
    )
    assert said.words.startswith("Не могу прочитать этот файл как картинку.")
    assert said.words.endswith("Ничего не списано.")
    assert world.balance(anna.user_id) == 1000


@pytest.mark.parametrize("sent", ["voice", "video", "sticker"])
async def test_in_reply_to_a_picture_it_draws_nothing(world: World, sent: str) -> None:
    anna = await world.customer()
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    anna.send_other(sent, reply_to=picture)
    await world.said(anna, lambda text: text == CANNOT["ru"])
    anna.send("--ar 9:16", reply_to=picture)  # and the picture is what it was
    await world.pictures(anna, 2)
    await world.closed()
    assert world.kie.tasks[1].input["aspect_ratio"] == "9:16"
    assert world.balance(anna.user_id) == 1000 - 2 * 79


async def test_words_in_reply_to_a_video_are_not_drawn_without_it(world: World) -> None:
    anna = await world.customer()
    video = anna.send_other("video")
    anna.send("как аниме", reply_to=video)
    await world.said(anna, lambda text: text.startswith("Не могу прочитать этот файл"))
    voice = anna.send_other("voice")
    anna.send("кот", reply_to=voice)  # of a voice message nobody expects a picture
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921


@pytest.mark.parametrize("one", ["video", "audio"])
@pytest.mark.parametrize("caption", [None, "кот"])
async def test_an_album_gets_one_sentence(world: World, one: str, caption: str | None) -> None:
    anna = await world.customer()
    numbers = anna.send_album([(one, caption), *[(one, None)] * 9])
    said = await world.said(anna, lambda text: text == CANNOT["ru"])
    assert said.reply_to is not None
    assert said.reply_to.message_id == numbers[0]
    await world.until(lambda: world.rows("SELECT * FROM album_items") == [])
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("1000 токенов"))
    assert [m.words for m in anna.messages if m.from_bot].count(CANNOT["ru"]) == 1
    assert world.balance(anna.user_id) == 1000


async def test_of_a_mixed_album_the_picture_is_taken(world: World) -> None:
    anna = await world.customer()
    anna.send_album([("video", "комикс"), (png(40, 30), None)])
    await world.pictures(anna, 1)
    await world.closed()
    assert world.kie.tasks[0].source is not None
    assert world.balance(anna.user_id) == 921


async def test_what_telegram_itself_says_is_not_answered(world: World) -> None:
    anna = await world.customer()
    note = {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86_400}}
    message = world.telegram.new_message(anna.chat, anna.user, options=note)
    world.telegram.updates.add("message", message.wire())
    await world.answered()
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("1000 токенов"))
    assert not [m for m in world.bot_messages(anna) if m.reply_to]


async def test_a_picture_that_waits_for_words_waits_on(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(40, 30))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    anna.send_other("sticker", fields={"emoji": "🐈"})
    await world.said(anna, lambda text: text == CANNOT["ru"])
    anna.send("комикс")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.kie.tasks[0].source is not None
