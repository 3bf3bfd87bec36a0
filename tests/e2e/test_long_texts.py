"""Whatever services, people and admins write: what there is to say fits into one message."""

from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from bot.media.kinds import inspect_picture
from bot.telegram.messenger import Messenger
from tests.asking import ask
from tests.support import ADMIN, World, png


@pytest.mark.parametrize("words", ["слово " * 79, "🦊" * 478, "<&" * 239])
async def test_ten_long_reasons_are_told_in_one_message(world: World, words: str) -> None:
    await world.stop()
    await world.start(max_quantity=10, user_max_active_images=10)
    anna = await world.customer()
    for number in range(10):
        world.kie.fail_task(msg=f"№{number} {words}")
    prompt = anna.send("кот --n 10")
    reasons = await world.said(anna, lambda text: text.startswith("№"))
    outcome = await world.said(anna, lambda text: text.startswith("Картинка не получилась."))
    await world.closed()
    assert reasons.reply_to is not None
    assert reasons.reply_to.message_id == prompt
    for number in range(10):
        assert f"№{number} " in reasons.words
        assert f"№{number} " in outcome.words
    assert reasons.words.count("Возвращено: 79 токенов.") == 10
    assert outcome.words.endswith("возвращено: 790, на балансе: 1000.")
    assert [call for call in world.telegram.calls if call.error] == []


async def test_reasons_that_differ_at_their_end_only_are_told_once(world: World) -> None:
    await world.stop()
    await world.start(max_quantity=10, user_max_active_images=10)
    anna = await world.customer()
    for number in range(10):
        world.kie.fail_task(msg="🦊" * 450 + f"№{number}")
    anna.send("кот --n 10")
    reasons = await world.said(anna, lambda text: text.startswith("🦊"))
    assert reasons.words.count("🦊…") == 1
    assert reasons.words.endswith("Возвращено: 790 токенов.")


async def test_what_no_text_foresaw_is_cut_and_told(world: World, tmp_path: Path) -> None:
    """The messenger sees to it, whoever speaks."""
    anna = await world.customer()
    long = "<blockquote expandable><b>" + "🦊&amp;" * 3000 + "</b></blockquote>"
    (tmp_path / "1.png").write_bytes(png())
    session = AiohttpSession(api=TelegramAPIServer.from_base(world.telegram.url))
    default = DefaultBotProperties(parse_mode="HTML")
    async with Bot(world.telegram.token, session=session, default=default) as bot:
        messenger = Messenger(bot)
        message_id = await messenger.send(anna.user_id, long)
        await messenger.edit(anna.user_id, message_id, f"Ой. {long}")
        picture = inspect_picture(tmp_path / "1.png")
        await messenger.send_result(anna.user_id, picture, caption=long, reply_to=None)
    text, caption = world.bot_messages(anna)[-2:]
    assert text.edits == ["🦊&" * 1365 + "…"]
    assert text.words == "Ой. " + "🦊&" * 1363 + "🦊…"
    assert caption.words == "🦊&" * 341 + "…"
    assert {each["type"] for each in caption.caption_entities} == {"expandable_blockquote", "bold"}


async def test_the_answer_to_a_press_is_told_to_its_end(world: World) -> None:
    anna = await world.customer()
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    await ask(world, world.telegram.person(ADMIN), f"/maintenance on {'🦊&' * 300}")
    press = anna.press(picture, "Ещё раз · 79")
    await world.telegram.wait_for(lambda: press.answer)
    assert press.answer is not None
    assert press.answer.text.startswith("🦊&🦊&")
    assert press.answer.text.endswith("🦊&…\nНичего не списано.")
