"""What else can be made of a picture: upscaled, cut out, animated, by buttons and by --model."""

import io
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from bot.demo.telegram import Message, Person
from providers.order import Order, Origin
from storage.jobs import Jobs, PlacedJob
from tests.asking import ask
from tests.e2e.test_groups import GROUP, said
from tests.e2e.test_pictures_buttons import answer, data_of, drawn
from tests.films import mp4
from tests.support import World, png

UPSCALE, TWICE, FOUR_TIMES, CUT = (
    "Увеличить · 5",
    "Увеличить ×2 · 40",
    "Увеличить ×4 · 80",
    "Без фона · 5",
)
ANIMATE = "Оживить · 100"
TOOLS = [UPSCALE, TWICE, FOUR_TIMES, CUT]
CAT, PRICE = "рыжая лиса", 79
PICTURE = png(400, 300)  # the least that a tool takes is 256


async def open_tools(world: World) -> None:
    """Put the tools on sale, and one of the films."""
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'cutout'")))
    world.kie.paint = lambda _: PICTURE
    await world.write(
        "UPDATE models SET enabled = 1 WHERE slug IN ('animate', 'upscale', 'upscale-x2', 'cutout')"
    )


async def buyer(
    world: World, *, tokens: int = 1000, language: str = "ru"
) -> tuple[Person, Message]:
    """Somebody with a picture, under which the tools stand."""
    await open_tools(world)
    anna = await world.customer(tokens=tokens, language=language)
    return anna, await drawn(world, anna, CAT)


def labels(message: Message) -> list[str]:
    return [each["text"] for each in message.buttons]


def uploaded(world: World, url: str) -> bytes:
    """What was put where KIE fetches it."""
    upload = world.kie.upload_at(urlsplit(url).path)
    assert upload is not None
    return upload.data


def transparent() -> bytes:
    """A picture with nothing in a half of it."""
    picture = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    picture.paste((200, 80, 20, 255), (0, 0, 32, 48))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


MADE = [
    pytest.param(
        UPSCALE,
        5,
        "recraft/crisp-upscale",
        {},
        "Crisp Upscale",
        [TWICE, FOUR_TIMES, CUT],
        id="upscale",
    ),
    pytest.param(
        TWICE,
        40,
        "topaz/image-upscale",
        {"upscale_factor": "2"},
        "Topaz Upscale · ×2",
        [UPSCALE, CUT],
        id="x2",
    ),
    pytest.param(
        FOUR_TIMES,
        80,
        "topaz/image-upscale",
        {"upscale_factor": "4"},
        "Topaz Upscale · ×4",
        [UPSCALE, CUT],
        id="x4",
    ),
    pytest.param(CUT, 5, "recraft/remove-background", {}, "Cut-out", TOOLS[:3], id="cut-out"),
]


@pytest.mark.parametrize(("label", "cost", "model", "sent", "name", "others"), MADE)
async def test_a_button_makes_it_of_the_original(
    world: World,
    label: str,
    cost: int,
    model: str,
    sent: dict[str, Any],
    name: str,
    others: list[str],
) -> None:
    anna, picture = await buyer(world)
    assert labels(picture)[4:9] == [*TOOLS, ANIMATE]
    press = anna.press(picture, label)
    charged = "5 токенов" if cost == 5 else f"{cost} токенов"
    assert await answer(world, press) == (
        f"Принято. Списано {charged}. Баланс: {1000 - PRICE - cost}."
    )
    made = (await world.pictures(anna, 2))[-1]
    await world.closed()
    task = world.kie.tasks[-1]
    assert task.model == model
    source = next(iter(task.input.keys() - sent.keys()))
    assert {**task.input, source: ""} == {source: "", **sent}
    assert uploaded(world, task.input[source]) == PICTURE, "not Telegram's reduced photo"
    assert made.words == f"{name} · по вашей картинке\n{CAT}"
    assert made.reply_to is picture
    assert world.balance(anna.user_id) == 1000 - PRICE - cost
    assert labels(made)[4:-1] == [*others, ANIMATE]
    assert labels(made)[0] == f"Ещё раз · {cost}"


async def test_of_a_small_picture_something_is_cut_out_too(world: World) -> None:
    await open_tools(world)
    world.kie.paint = lambda _: png(200, 100)
    anna = await world.customer()
    anna.press(await drawn(world, anna, CAT), CUT)
    await world.pictures(anna, 2)
    anna.send_photo(png(200, 100), caption="--model cutout")
    for made in (await world.pictures(anna, 3))[1:]:
        with Image.open(io.BytesIO(world.data(made))) as image:
            assert image.size == (512, 256)


async def test_what_is_cut_out_comes_as_a_file_with_its_transparency(world: World) -> None:
    anna, picture = await buyer(world)
    world.kie.next_result(data=transparent(), content_type="image/png")
    await answer(world, anna.press(picture, CUT))
    made = (await world.pictures(anna, 2))[-1]
    await world.closed()
    assert made.document is not None
    assert (made.document.name, made.photo) == ("cutout-2.png", [])
    assert world.data(made) == transparent()
    anna.send("/history")
    card = await world.said(anna, lambda text: text.startswith("Ваши картинки"))
    assert f"· Cut-out · {CAT}\n2." in card.words
    await answer(world, anna.press(card, "1"))
    again = (await world.pictures(anna, 3))[-1]
    assert again.document is not None
    assert again.document.file_id == made.document.file_id


async def test_what_is_no_photo_comes_as_a_file(world: World) -> None:
    anna, picture = await buyer(world)
    world.kie.next_result(data=png(9000, 2000), content_type="image/png")
    await answer(world, anna.press(picture, FOUR_TIMES))
    made = (await world.pictures(anna, 2))[-1]
    assert world.data(made) == png(9000, 2000)
    assert made.document is not None


async def test_animate_makes_a_film_by_the_picture_s_own_words(world: World) -> None:
    anna, picture = await buyer(world)
    world.kie.next_result(data=mp4(), content_type="video/mp4")
    await world.write(
        "INSERT INTO product_preferences VALUES (1001, 'kling_2_1', ?)",
        json.dumps({"duration": "10", "cfg_scale": 0.3}),
    )
    press = anna.press(picture, ANIMATE)
    assert await answer(world, press) == "Принято. Списано 100 токенов. Баланс: 821."
    film = (await world.pictures(anna, 2))[-1]
    await world.closed()
    sent = world.kie.tasks[-1].input
    assert uploaded(world, sent.pop("image_url")) == PICTURE
    assert sent == {"prompt": CAT, "duration": "5", "cfg_scale": 0.3}, "the button's length"
    assert film.video is not None
    assert film.words.endswith(f"· по вашей картинке\n{CAT}")
    assert film.reply_to is picture
    assert not {*labels(film)} & {*TOOLS, ANIMATE}
    assert (await answer(world, anna.forge(film, data_of(picture, CUT).replace(":1:", ":2:")))) == (
        "Эта кнопка не ваша, или её картинки больше нет. Напишите, что нарисовать. Ничего не"
        " списано."
    )
    assert world.balance(anna.user_id) == 821


async def test_what_was_made_of_a_picture_is_animated_by_its_words_too(world: World) -> None:
    anna, picture = await buyer(world)
    await answer(world, anna.press(picture, CUT))
    made = (await world.pictures(anna, 2))[-1]
    world.kie.next_result(data=mp4(), content_type="video/mp4")
    await answer(world, anna.press(made, ANIMATE))
    film = (await world.pictures(anna, 3))[-1]
    await world.closed()
    assert film.reply_to is made
    assert world.kie.tasks[-1].input["prompt"] == CAT


async def test_again_under_what_a_tool_made_makes_it_again(world: World) -> None:
    anna, picture = await buyer(world)
    await answer(world, anna.press(picture, FOUR_TIMES))
    made = (await world.pictures(anna, 2))[-1]
    await answer(world, anna.press(made, "Ещё раз · 80"))
    again = (await world.pictures(anna, 3))[-1]
    await world.closed()
    first, second = world.kie.tasks[1:]
    assert uploaded(world, second.input.pop("image_url")) == PICTURE
    assert second.input == {"upscale_factor": "4"}
    assert first.model == second.model
    assert (again.words, again.reply_to) == (made.words, picture)
    assert world.balance(anna.user_id) == 1000 - PRICE - 160


async def test_two_presses_of_one_thumb_count_once_and_two_buttons_twice(world: World) -> None:
    anna, picture = await buyer(world)
    presses = [anna.press(picture, label) for label in (TWICE, TWICE, FOUR_TIMES, CUT, CUT)]
    answers = [(await answer(world, press)).partition(".")[0] for press in presses]
    assert answers == ["Принято", "Уже делаю", "Принято", "Принято", "Уже делаю"]
    await world.pictures(anna, 4)
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - PRICE - 40 - 80 - 5


async def test_a_price_that_rose_is_asked_about(world: World) -> None:
    anna, picture = await buyer(world)
    await world.write("UPDATE model_prices SET price = 100 WHERE slug = 'upscale-x2'")
    press = anna.press(picture, FOUR_TIMES)
    assert (await answer(world, press)).startswith("Цена изменилась.")
    question = await world.said(anna, lambda text: text.startswith("Сделать это?"))
    assert question.words == (
        f"Сделать это?\n{CAT}\nTopaz Upscale · ×4\nЗа основу возьму вашу картинку.\n"
        "1 картинка за 100 токенов; на балансе 921 токен. Пока ничего не списано."
    )
    assert question.reply_to is picture
    await answer(world, anna.press(question, "Сделать"))
    made = (await world.pictures(anna, 2))[-1]
    await world.closed()
    assert made.reply_to is picture
    assert world.balance(anna.user_id) == 821


async def test_buttons_show_the_prices_and_the_tools_of_the_moment(world: World) -> None:
    anna, picture = await buyer(world)
    await world.write("UPDATE models SET price = 7 WHERE slug = 'upscale'")
    await world.write("UPDATE models SET enabled = 0 WHERE slug = 'cutout'")
    await world.write("UPDATE models SET enabled = 1, position = 1 WHERE slug = 'kling'")
    await world.write("DELETE FROM model_prices WHERE slug = 'upscale-x2'")
    anna.send("/history")
    card = await world.said(anna, lambda text: text.startswith("Ваши картинки"))
    await answer(world, anna.press(card, "1"))
    shown = (await world.pictures(anna, 2))[-1]
    assert labels(shown)[4:7] == ["Увеличить · 7", TWICE, "Оживить · 168"]
    said = await answer(world, anna.press(picture, CUT))
    assert said == "Cut-out сейчас не продаётся. Ничего не списано."
    said = await answer(world, anna.press(picture, FOUR_TIMES))
    assert said == "--factor 4 сейчас не продаётся. Можно: 2. Ничего не списано."
    await world.write("UPDATE models SET price = 4 WHERE slug = 'upscale'")
    assert (await answer(world, anna.press(picture, UPSCALE))).startswith("Принято. Списано 4")


async def test_a_button_shows_the_price_of_its_value_whatever_the_default_is(
    world: World,
) -> None:
    await open_tools(world)
    await world.write(
        "UPDATE models SET options = ? WHERE slug = 'upscale-x2'", '{"upscale_factor": "4"}'
    )
    await world.write("INSERT INTO model_prices VALUES ('upscale-x2', 'upscale_factor', '2', 25)")
    anna = await world.customer(tokens=1000)
    picture = await drawn(world, anna, CAT)
    assert labels(picture)[5:7] == ["Увеличить ×2 · 25", "Увеличить ×4 · 40"]
    before = world.balance(anna.user_id)
    anna.press(picture, "Увеличить ×2 · 25")
    await world.pictures(anna, 2)
    assert world.balance(anna.user_id) == before - 25


async def test_a_press_that_cannot_be_done_says_why(world: World) -> None:
    anna, picture = await buyer(world, tokens=100)
    boris = await world.customer(1002, "Борис")
    press = anna.press(picture, TWICE)
    assert await answer(world, press) == ""
    await world.said(anna, lambda text: "нужно 40, у вас 21" in text)
    own = world.bot_messages(boris)[0]
    for data in (
        data_of(picture, UPSCALE),
        "use:x",
        f"use:{'9' * 15}:upscale:5",
        "use:1:upscale:x",
        "use:1:upscale:5:2:3",
    ):
        assert (await answer(world, boris.forge(own, data))).startswith("Эта кнопка не ваша")
    forged = data_of(picture, UPSCALE)
    said = await answer(world, anna.forge(picture, forged.replace("upscale", "none")))
    assert said == "none сейчас не продаётся. Ничего не списано."
    forged = data_of(picture, TWICE).rpartition(":")[0] + ":8"
    assert await answer(world, anna.forge(picture, forged)) == ""
    await world.said(anna, lambda text: text.startswith("--factor не может быть «8»."))
    await world.stop()
    await world.start(user_max_active_images=1, kie_poll_timeout=3600)
    world.kie.task_seconds = 3600
    assert (await answer(world, anna.press(picture, UPSCALE))).startswith("Принято")
    said = await answer(world, anna.press(picture, CUT))
    assert "предел — 1" in said or "не больше 1" in said, said
    assert world.balance(1002) == 1000


async def test_a_press_counts_once_through_a_crash(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, picture = await buyer(world)
    place = Jobs.place

    async def place_and_die(
        self: Jobs, order: Order, origin: Origin, **terms: Any
    ) -> PlacedJob | None:
        await place(self, order, origin, **terms)
        raise ConnectionResetError

    monkeypatch.setattr(Jobs, "place", place_and_die)
    anna.press(picture, FOUR_TIMES)
    await world.until(lambda: len(world.rows("SELECT 1 FROM jobs")) == 2)
    await world.kill()
    monkeypatch.undo()
    await world.start()
    made = (await world.pictures(anna, 2))[-1]
    await world.closed()
    assert made.words.startswith("Topaz Upscale · ×4")
    assert world.balance(anna.user_id) == 1000 - PRICE - 80
    assert len(world.kie.tasks) == 2


async def test_what_fails_is_given_back(world: World) -> None:
    anna, picture = await buyer(world)
    world.kie.fail_task("500", "Upscaling failed.")
    await answer(world, anna.press(picture, FOUR_TIMES))
    failed = await world.said(anna, lambda text: text.startswith("Картинка не получилась"))
    await world.closed()
    assert "Upscaling failed. Попробуйте позже. Возвращено: 80 токенов." in failed.words
    assert world.balance(anna.user_id) == 1000 - PRICE


async def test_a_photo_of_one_s_own_and_no_words(world: World) -> None:
    await open_tools(world)
    anna = await world.customer()
    anna.send_photo(png(500, 300), caption="--model upscale")
    (made,) = await world.pictures(anna, 1)
    await world.closed()
    assert made.words == "Crisp Upscale · по вашей картинке"
    assert labels(made)[4:] == [TWICE, FOUR_TIMES, CUT], "nothing to animate it by"
    anna.send_photo(png(500, 300))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    anna.send("--model upscale-x2 --factor 4")
    second = (await world.pictures(anna, 2))[-1]
    await world.closed()
    assert second.words == "Topaz Upscale · ×4 · по вашей картинке"
    assert world.balance(anna.user_id) == 915
    anna.send("/history")
    card = await world.said(anna, lambda text: text.startswith("Ваши картинки"))
    assert "· Topaz Upscale\n2." in card.words
    assert "· Crisp Upscale\n" in card.words
    assert "1 картинка «Topaz Upscale»" in await ask(world, anna, "/balance")
    user = await ask(world, world.telegram.person(1), "/user 1001")
    assert "· 1 из 1 · Crisp Upscale" in user


async def test_what_is_under_way_without_words_is_called_by_its_name(world: World) -> None:
    await world.stop()
    await world.start(kie_poll_timeout=3600)
    await open_tools(world)
    anna = await world.customer(ask="always")
    world.kie.task_seconds = 3600
    anna.send_photo(png(500, 300), caption="--model upscale")
    question = await world.said(anna, lambda text: text.startswith("Сделать это?"))
    assert question.words.startswith("Сделать это?\nCrisp Upscale\nЗа основу возьму")
    await answer(world, anna.press(question, "Сделать"))
    await world.telegram.wait_for(
        lambda: question.words.startswith("Обрабатываю картинку.\nПо вашей картинке.")
    )
    queue = await ask(world, anna, "/queue")
    assert "1. Crisp Upscale\nОбрабатываю картинку." in queue
    admin = world.telegram.person(1)
    jobs = await world.telegram.wait_for(lambda: admin.send("/jobs"))
    card = await world.said(admin, lambda text: text.startswith("В очереди и в работе"))
    await answer(world, admin.press(card, card.buttons[0]["text"]))
    await world.telegram.wait_for(lambda: "Crisp Upscale" in card.words)
    assert "\n\n" not in card.words
    assert jobs


async def test_a_reply_to_a_picture_is_for_its_original(world: World) -> None:
    anna, picture = await buyer(world)
    anna.send("--model upscale", reply_to=picture)
    made = (await world.pictures(anna, 2))[-1]
    await world.closed()
    assert made.words == f"Crisp Upscale · по вашей картинке\n{CAT}"
    assert uploaded(world, world.kie.tasks[-1].input["image"]) == PICTURE
    world.kie.next_result(data=mp4(), content_type="video/mp4")
    anna.send("--model animate --duration 10", reply_to=made)
    film = (await world.pictures(anna, 3))[-1]
    await world.closed()
    assert film.video is not None
    assert world.kie.tasks[-1].input["prompt"] == CAT
    anna.send("--model upscale", reply_to=film)
    await world.said(anna, lambda text: text.startswith("Crisp Upscale работает с картинкой"))
    assert world.balance(anna.user_id) == 1000 - PRICE - 5 - 200


async def test_in_a_group_the_tools_are_the_owner_s(world: World) -> None:
    await open_tools(world)
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])

    async def come(count: int) -> Message:
        def found() -> list[Message]:
            return [each for each in said(group) if each.photo or each.document]

        await world.telegram.wait_for(lambda: len(found()) >= count)
        return found()[-1]

    anna.send(f"/draw {CAT}", chat=group)
    picture = await come(1)
    assert (await answer(world, boris.press(picture, CUT, chat=group))).startswith("Эта кнопка не")
    await answer(world, anna.press(picture, CUT, chat=group))
    made = await come(2)
    assert made.reply_to is picture
    boris.send("/draw --model upscale", chat=group, reply_to=picture)
    made = await come(3)
    await world.closed()
    assert made.words.startswith("Crisp Upscale · по вашей картинке")
    assert (world.balance(1001), world.balance(1002)) == (1000 - PRICE - 5, 995)


async def test_in_english(world: World) -> None:
    anna, picture = await buyer(world, language="en")
    assert labels(picture)[4:9] == [
        "Upscale · 5",
        "Upscale ×2 · 40",
        "Upscale ×4 · 80",
        "Cut out · 5",
        "Animate · 100",
    ]
    said = await answer(world, anna.press(picture, "Cut out · 5"))
    assert said == "Accepted. Charged 5 tokens. Balance: 916."
