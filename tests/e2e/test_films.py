"""A film, from the prompt to the chat: as a video, a file or a link; kept, sent again, refunded."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.demo.supabase import SupabaseEmulator
from bot.demo.telegram import Message, Person
from tests.films import mp4
from tests.support import World, open_world

FILM = mp4()


async def viewer(world: World, data: bytes = FILM, times: int = 20) -> Person:
    """Somebody with tokens who asks for films; so many that KIE makes are this one."""
    anna = await world.customer()
    await world.write(
        "INSERT INTO models (slug, name, provider, input_images, price, enabled, position)"
        " VALUES ('kling', 'Kling 2.5', 'kling', 1, 168, 1, 99) ON CONFLICT (slug) DO UPDATE"
        " SET enabled = 1, price = excluded.price, name = excluded.name"
    )
    world.kie.next_result(data=data, content_type="video/mp4", times=times)
    await world.prefer(anna.user_id, model="kling")
    return anna


async def film(world: World, anna: Person, number: int = 1) -> Message:
    """The last of so many that came."""
    return (await world.pictures(anna, number))[-1]


def facts(message: Message) -> dict[str, Any]:
    """What Telegram was told of a film."""
    body: dict[str, Any] = message.wire()["video"]
    return body


async def test_a_film_comes_as_a_video(world: World) -> None:
    anna = await viewer(world)
    anna.send("лиса бежит по снегу --ar 16:9")
    message = await film(world, anna)
    await world.closed()
    assert world.data(message) == FILM
    told = facts(message)
    assert (told["width"], told["height"], told["duration"]) == (320, 180, 1)
    thumbnail = told["thumbnail"]
    assert (thumbnail["width"], thumbnail["height"]) == (320, 180)
    (call,) = world.telegram.calls_of("sendVideo")
    assert call.params["supports_streaming"] is True
    assert message.words.startswith("Kling 2.5 · 16:9")
    assert [button["text"] for button in message.buttons] == [
        "Ещё раз · 168",
        "Изменить",
        "Оригинал файлом",
        "Скопировать описание",
    ]
    (task,) = world.kie.tasks
    assert task.model == "kling/v2-5-turbo-text-to-video-pro"
    (row,) = world.rows("SELECT sent_as, file_key FROM items")
    assert row["sent_as"] == "video"
    assert row["file_key"].endswith(".mp4")
    assert world.balance(anna.user_id) == 832
    await world.said(anna, lambda text: text.startswith("Готово: пришло 1 видео."))
    anna.send("/balance")
    await world.said(anna, lambda text: "−168, 1 видео «лиса бежит по снегу»" in text)


async def test_what_is_said_meanwhile_is_of_a_video(world: World) -> None:
    anna = await viewer(world)
    world.kie.task_seconds = 10_000
    anna.send("лиса")
    progress = await world.said(anna, lambda text: text.startswith("Делаю видео."))
    await world.until(
        lambda: (
            {action for _, action in world.telegram.chat(anna.user_id).actions} == {"upload_video"}
        )
    )
    await world.until(lambda: len(world.kie.tasks) == 1)
    world.kie.finish(world.kie.tasks[0])
    await film(world, anna)
    await world.said(anna, lambda text: text.startswith("Готово: пришло 1 видео."))
    assert progress.edits


async def test_the_question_is_about_a_video(world: World) -> None:
    anna = await viewer(world)
    await world.prefer(anna.user_id, ask="always")
    anna.send("лиса бежит по снегу")
    question = await world.said(anna, lambda text: text.startswith("Сделать это?"))
    assert "1 видео за 168 токенов; на балансе 1000 токенов." in question.words
    anna.press(question, "Сделать")
    await film(world, anna)
    await world.closed()
    assert world.balance(anna.user_id) == 832


async def test_the_original_is_a_file_and_stays_one(world: World) -> None:
    anna = await viewer(world)
    anna.send("лиса")
    anna.press(await film(world, anna), "Оригинал файлом")
    original = await film(world, anna, 2)
    assert original.document is not None
    assert original.document.name == "kling-1.mp4"
    assert world.data(original) == FILM


async def test_a_film_of_the_history_is_sent_by_its_file_id(world: World) -> None:
    anna = await viewer(world)
    anna.send("лиса")
    first = await film(world, anna)
    await world.closed()
    anna.send("/history")
    page = await world.said(anna, lambda text: text.startswith("Ваши картинки и видео"))
    anna.press(page, "1")
    again = await film(world, anna, 2)
    assert facts(again)["file_id"] == facts(first)["file_id"]
    assert [type(call.params["video"]) is str for call in world.telegram.calls_of("sendVideo")] == [
        False,
        True,
    ]


async def test_a_film_that_telegram_forgot_is_uploaded_again(world: World) -> None:
    anna = await viewer(world)
    anna.send("лиса")
    await film(world, anna)
    await world.closed()
    await world.write("UPDATE items SET sent_file_id = 'gone'")
    anna.send("/history")
    anna.press(await world.said(anna, lambda text: "Ваши картинки и видео" in text), "1")
    again = await film(world, anna, 2)
    assert world.data(again) == FILM
    assert facts(again)["thumbnail"]["width"] == 320


async def test_again_makes_another(world: World) -> None:
    anna = await viewer(world)
    anna.send("лиса")
    press = anna.press(await film(world, anna), "Ещё раз · 168")
    await film(world, anna, 2)
    await world.closed()
    assert press.answer is not None
    assert press.answer.text.startswith("Делаю ещё раз. Списано: 168 токенов")
    assert world.balance(anna.user_id) == 1000 - 2 * 168


async def test_words_in_reply_to_a_film_make_a_new_one_by_them(world: World) -> None:
    anna = await viewer(world)
    anna.send("лиса --ar 9:16")
    message = await film(world, anna)
    anna.send("волк", reply_to=message)
    await film(world, anna, 2)
    anna.press(message, "Изменить")
    question = await world.said(anna, lambda text: text.startswith("Что изменить?"))
    assert "видео" in question.words
    anna.send("--ar 1:1", reply_to=question)
    await film(world, anna, 3)
    await world.closed()
    inputs = [task.input for task in world.kie.tasks]
    assert [each["prompt"] for each in inputs] == ["лиса", "волк", "лиса"]
    assert [each["aspect_ratio"] for each in inputs] == ["9:16", "9:16", "1:1"]
    assert not any("image_url" in each for each in inputs)


@pytest.mark.parametrize(
    "data",
    [b"<html>Just a moment...</html>", FILM[: len(FILM) // 2], b"\0\0\0\x18ftypisom" + bytes(500)],
    ids=["a page", "half of it", "no film in it"],
)
async def test_what_is_no_film_is_refunded(world: World, data: bytes) -> None:
    """After a while: a gateway may stand in between."""
    anna = await viewer(world, data)
    anna.send("лиса")
    await world.said(anna, lambda text: "нельзя использовать как видео" in text)
    await world.closed()
    assert world.balance(anna.user_id) == 1000
    assert not world.telegram.calls_of("sendVideo")


async def test_a_codec_that_not_every_client_plays_comes_as_a_file(world: World) -> None:
    anna = await viewer(world, mp4(codec="mpeg4"))
    anna.send("лиса")
    message = await film(world, anna)
    assert message.document is not None
    assert message.wire()["document"]["thumbnail"]["width"] == 320


async def test_a_film_that_is_not_taken_as_a_video_comes_as_a_file(world: World) -> None:
    anna = await viewer(world)
    world.telegram.fault("sendVideo", status=400, description="VIDEO_CONTENT_TYPE_INVALID")
    anna.send("лиса")
    message = await film(world, anna)
    assert message.document is not None


async def test_a_lost_answer_is_not_the_end_of_it(world: World) -> None:
    anna = await viewer(world)
    world.telegram.fault("sendVideo", cut_after_effect=True)
    anna.send("лиса")
    await film(world, anna, 2)
    await world.closed()
    (row,) = world.rows("SELECT status, lost_sendings FROM items")
    assert (row["status"], row["lost_sendings"]) == ("delivered", 1)
    assert (anna.user_id, "upload_video") in {
        (call.params["chat_id"], call.params["action"])
        for call in world.telegram.calls_of("sendChatAction")
    }


async def test_where_a_group_takes_no_videos_it_comes_in_private(world: World) -> None:
    anna = await viewer(world)
    group = world.telegram.add_group(-100500, "Лисы", [anna])
    world.telegram.restrict_group(group.chat_id, "videos", "documents")
    anna.send("/draw лиса", chat=group.chat_id)
    message = await film(world, anna)
    assert message.chat.chat_id == anna.user_id


async def test_a_film_goes_on_where_it_was_in_every_state(world: World) -> None:
    """Killed while it waits, while KIE makes it, while it cannot be fetched, while it is sent."""

    async def killed_when(holds: Callable[[dict[str, Any]], bool]) -> None:
        await world.until(lambda: holds(world.rows("SELECT * FROM items")[0]))
        await world.kill()
        assert holds(world.rows("SELECT * FROM items")[0])
        await world.start(cancel_seconds=0)

    anna = await viewer(world, times=1)
    await world.stop()
    await world.start(cancel_seconds=60)
    world.kie.task_seconds = 10_000
    anna.send("лиса")
    await world.until(lambda: bool(world.rows("SELECT * FROM items")))
    await killed_when(lambda item: item["status"] == "queued")
    await killed_when(lambda item: item["status"] == "generating")
    (task,) = world.kie.tasks
    host = world.kie.fault("result", html=503, times=None)
    world.kie.finish(task)
    await killed_when(lambda item: item["status"] == "ready" and item["fetch_attempts"] > 1)
    telegram = world.telegram.fault("sendVideo", hang=True, times=None)
    world.kie.withdraw(host)
    await world.telegram.wait_for(lambda: telegram.hits)
    await killed_when(lambda item: item["status"] == "ready" and item["file_key"])
    world.telegram.withdraw(telegram)
    message = await film(world, anna)
    await world.closed()
    assert world.data(message) == FILM
    assert world.kie.tasks == [task]
    assert world.balance(anna.user_id) == 832


# --- Too large for Telegram, and kept elsewhere


@pytest.fixture
async def supabase() -> AsyncIterator[SupabaseEmulator]:
    async with SupabaseEmulator.start() as supabase:
        for bucket in ("bot-images", "images", "videos"):
            supabase.add_bucket(bucket)
        yield supabase


@pytest.fixture
async def kept(tmp_path: Path, supabase: SupabaseEmulator) -> AsyncIterator[World]:
    """The bot with Supabase."""
    async with open_world(tmp_path) as world:
        world.use_supabase(supabase)
        await world.start()
        yield world
        await world.stop()


async def test_films_have_a_bucket_of_their_own(kept: World, supabase: SupabaseEmulator) -> None:
    anna = await viewer(kept)
    anna.send("лиса")
    await film(kept, anna)
    await kept.closed()
    await kept.until(lambda: bool(supabase.objects))
    ((bucket, key),) = supabase.objects
    stored = supabase.objects[bucket, key]
    assert (bucket, stored.content_type, stored.data) == ("videos", "video/mp4", FILM)
    # From there, where neither Telegram nor the disk have it any more.
    await kept.until(lambda: not list((kept.data_dir / "files").rglob("*.mp4")))
    await kept.write("UPDATE items SET sent_file_id = 'gone'")
    anna.send("/history")
    anna.press(await kept.said(anna, lambda text: "Ваши картинки и видео" in text), "1")
    assert kept.data(await film(kept, anna, 2)) == FILM
    # And it goes with its person.
    anna.send("/delete_me")
    question = await kept.said(anna, lambda text: text.startswith("Удалить всё"))
    anna.press(question, question.buttons[0]["text"])
    await kept.until(lambda: not supabase.objects)


async def test_what_is_too_large_for_telegram_is_a_link_to_where_it_is_kept(
    kept: World, supabase: SupabaseEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pipeline.sending.UPLOAD_MAX_BYTES", 1000)
    monkeypatch.setattr("bot.pipeline.resend.UPLOAD_MAX_BYTES", 1000)
    anna = await viewer(kept)
    anna.send("лиса")
    message = await kept.said(anna, lambda text: "не больше 50 МБ" in text)
    await kept.closed()
    ((bucket, key),) = supabase.objects
    address = f"{supabase.url}/storage/v1/object/public/{bucket}/{key}"
    assert [each["url"] for each in message.entities if each["type"] == "text_link"] == [address]
    assert "около суток" not in message.words
    (row,) = kept.rows("SELECT status, message_id, sent_file_id FROM items")
    assert row == {"status": "delivered", "message_id": message.message_id, "sent_file_id": None}
    anna.press(message, "Оригинал файлом")
    await kept.until(
        lambda: len([each for each in kept.bot_messages(anna) if "50 МБ" in each.words]) == 2
    )


async def test_without_a_bucket_it_is_a_link_to_kie_with_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pipeline.sending.UPLOAD_MAX_BYTES", 1000)
    anna = await viewer(world)
    anna.send("лиса")
    message = await world.said(anna, lambda text: "не больше 50 МБ" in text)
    await world.closed()
    (url,) = (each["url"] for each in message.entities if each["type"] == "text_link")
    assert url == world.rows("SELECT result_url FROM items")[0]["result_url"]
    assert "Ссылка действует около суток" in message.words


async def test_films_are_asked_about_less_often_than_pictures(world: World) -> None:
    await world.stop()
    await world.start(kling_kie_poll_interval=0.3)
    anna = await viewer(world)
    world.kie.task_seconds = 1.5
    anna.send("лиса")
    await film(world, anna)
    await asyncio.sleep(0)
    (task,) = world.kie.tasks
    assert len(task.polls) <= 7
