"""/model with all on sale, help and settings of a film, and `--model` in odd places."""

import json

import pytest

from bot.demo.telegram import Message, Person
from bot.demo.telegram.hypertext import utf16_length
from storage.jobs import Jobs
from tests.asking import answer, ask
from tests.e2e.test_settings_card import pressed
from tests.support import ADMIN, World, png

TOKENS = 100_000
MAX_TEXT = 4096


async def open_shop(world: World) -> None:
    """Put every row on sale."""
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'cutout'")))
    await world.write("UPDATE models SET enabled = 1")


async def customer(world: World, **more: str | None) -> Person:
    anna = await world.customer(tokens=TOKENS, **more)  # type: ignore[arg-type]
    await open_shop(world)
    return anna


# --- /model, /help, /settings, /start


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_all_models_fit_a_phone(world: World, language: str) -> None:
    person = world.person(1001, "Anna", language=language)
    person.send("/start")
    await world.said(person, lambda text: "/help" in text)
    await open_shop(world)
    card = await answer(world, person, "/model")
    first = card.words
    await pressed(world, person, card, "▶")
    await world.telegram.wait_for(lambda: card.words != first)
    for text in (first, card.words):
        assert utf16_length(text) < MAX_TEXT
    if language == "ru":
        assert (
            "Nano Banana 2.1 banana — от 16 токенов за картинку\nпонимает длинные описания, меняет"
            " фотографии, пишет слова на картинке\nКартинка по описанию или картинкам, до 14."
        ) in first
        assert (
            "хороша для фотографий\nКартинка по описанию или картинкам, до 10. Обычно 20 с."
            in first
        )
        assert "Seedance 2 mini clip — от 61 токена за 4 с, от 228 токенов за 15 с" in card.words
        assert "черновики почти даром\nКартинка только по описанию." in card.words
        assert "kling — 168 токенов за 5 с, 336 токенов за 10 с" in card.words
        assert "kling-3 — от 168 токенов за 3 с, от 840 токенов за 15 с" in card.words
        assert "Видео по описанию или картинкам, до 2. Обычно 2 мин." in card.words
        assert (
            "Инструменты для картинки\n"
            "Отправьте картинку с такой подписью или ответьте ею на картинку:\n"
            "--model upscale — 5 токенов: увеличивает картинку и делает её чётче; слова не нужны\n"
        ) in card.words
    labels = [each["text"] for each in card.buttons]
    assert not any("Upscale" in each for each in labels), "a tool is nobody's own model"


async def test_a_time_is_what_the_last_ones_took(world: World) -> None:
    anna = await customer(world)
    anna.send("кот --model draft")
    await world.pictures(anna, 1)
    await world.closed()
    card = await answer(world, anna, "/model")
    await pressed(world, anna, card, "▶")
    await world.telegram.wait_for(lambda: "Картинка только по описанию. Обычно 5 с." in card.words)


async def choose(world: World, anna: Person, name: str) -> tuple[Message, str]:
    """Choose a model on the second page; the card, and what the press was answered with."""
    card = await answer(world, anna, "/model")
    if any(each["text"] == "▶" for each in card.buttons):
        await pressed(world, anna, card, "▶")
    await world.telegram.wait_for(lambda: any(name in each["text"] for each in card.buttons))
    label = next(each["text"] for each in card.buttons if each["text"].startswith(name))
    said = await pressed(world, anna, card, label)
    await world.telegram.wait_for(lambda: f"Модель: {name}" in card.words)
    return card, said


async def test_who_chooses_films_is_told_what_they_cost(world: World) -> None:
    anna = await customer(world)
    card, said = await choose(world, anna, "Kling 2.5 Turbo")
    assert said == (
        "Kling 2.5 Turbo делает видео. Один запрос сейчас стоит 168 токенов, на балансе 100000."
    )
    assert card.words.splitlines()[1:5] == [
        "Модель: Kling 2.5 Turbo",
        "Соотношение сторон: 16:9",
        "Длительность, с: 5",
        "Чего не рисовать: —",
    ]
    assert "Картинок за раз" not in card.words
    _, said = await choose(world, anna, "Z-Image")
    assert said == ""


async def test_help_is_of_the_model_that_was_chosen(world: World) -> None:
    anna = await customer(world)
    said = await ask(world, anna, "/help")
    assert "--model banana — другая модель для этого запроса; все модели — в /model" in said
    assert "--opt key=value" in said
    await world.prefer(1001, model="kling-3")
    said = await ask(world, anna, "/help")
    assert said.startswith("Опишите видео. После описания можно добавить флаги:\n\n--ar 9:16 —")
    assert "--duration 15 — длительность в секундах: 3, 4, 5," in said
    assert "--sound — звук\n" in said
    assert "сколько видео" in said
    assert "Например: лиса бежит по снегу --duration 4" in said
    assert "Видео: от 168 токенов за 3 с, от 840 токенов за 15 с; если оно не получится" in said
    for other in ("--opt", "--seed", "--stylize", "как в самом"):
        assert other not in said
    await world.prefer(1001, model="animate")
    said = await ask(world, anna, "/help")
    assert said.startswith("Отправьте картинку, а в подписи напишите, что должно произойти.")


async def test_start_names_the_model_that_was_chosen(world: World) -> None:
    anna = await customer(world)
    await world.prefer(1001, model="kling")
    said = await ask(world, anna, "/start")
    assert said.startswith("Привет! Опишите видео — Kling 2.5 Turbo его сделает.")
    assert "Видео: 168 токенов за 5 с, 336 токенов за 10 с. На выбор 14 моделей." in said
    assert said.endswith("/help /balance /model")


async def test_the_balance_is_enough_for_so_many_videos(world: World) -> None:
    anna = await world.customer(tokens=500)
    await open_shop(world)
    await world.prefer(1001, model="kling")
    assert (await ask(world, anna, "/balance")).startswith("500 токенов осталось. Это 2 видео.")
    await world.prefer(1001, model="kling-3")
    await world.write("UPDATE models SET price = 501")
    said = await ask(world, anna, "/balance")
    assert said.startswith("500 токенов осталось. На видео не хватает. Купить ещё: /buy")


async def test_lists_name_the_model(world: World) -> None:
    anna = await customer(world)
    world.kie.task_seconds = 3600
    anna.send("лиса бежит --model kling")
    await world.until(lambda: bool(world.kie.tasks))
    anna.send("/queue")
    await world.said(anna, lambda text: "1. Kling 2.5 Turbo · лиса бежит\nДелаю видео." in text)
    world.kie.finish(world.kie.tasks[0])
    await world.closed()
    anna.send("/history")
    await world.said(anna, lambda text: " · Kling 2.5 Turbo · лиса бежит\n" in text)


async def test_a_tool_is_nobodys_first_model(world: World) -> None:
    anna = await customer(world)
    await world.write("UPDATE models SET enabled = slug IN ('cutout', 'kling')")
    await world.write("UPDATE models SET position = position + 100 WHERE slug = 'kling'")
    anna.send("лиса бежит")
    await world.until(lambda: [each.model for each in world.kie.tasks] == [KLING])


# --- `--model` wherever people may write it

KLING = "kling/v2-5-turbo-text-to-video-pro"
KLING_OF_PICTURE = "kling/v2-5-turbo-image-to-video-pro"
PLACES = (
    "лиса бежит --model kling --duration 10",
    "--model kling --duration 10 лиса бежит",
    "--duration 10 --model KLING лиса бежит",
    "/draw лиса бежит --model kling --duration 10",
    "/imagine --model kling --duration 10 лиса бежит",
    "лиса бежит —model kling —duration 10",
)


@pytest.mark.parametrize("text", PLACES)
async def test_a_model_may_be_named_anywhere(world: World, text: str) -> None:
    anna = await customer(world)
    anna.send(text)
    await world.until(lambda: bool(world.kie.tasks))
    (task,) = world.kie.tasks
    assert (task.model, task.input["duration"]) == (KLING, "10")
    assert task.input["prompt"] == "лиса бежит"


async def test_a_model_may_be_named_in_a_caption(world: World) -> None:
    anna = await customer(world)
    anna.send_photo(png(400, 300), caption="/draw оживи --model kling --duration 10")
    await world.until(lambda: bool(world.kie.tasks))
    assert world.kie.tasks[0].model == KLING_OF_PICTURE
    anna.send_photo(png(400, 300), caption="--model upscale")
    await world.until(lambda: len(world.kie.tasks) == 2)
    assert world.kie.tasks[1].model == "recraft/crisp-upscale"


async def test_a_model_may_be_named_in_a_group(world: World) -> None:
    anna = await customer(world)
    group = world.telegram.add_group(-500, "Группа", [anna])
    world.kie.paint = lambda _: png(400, 300)  # the tool refuses smaller ones
    anna.send("/draw --model banana лиса бежит --q high", chat=group)
    await world.until(lambda: len(world.kie.tasks) == 1)
    assert world.kie.tasks[0].input["resolution"] == "2K"
    picture = await world.telegram.wait_for(
        lambda: next((each for each in group.messages if each.from_bot and each.photo), None)
    )
    anna.send("--model kling", chat=group, reply_to=picture)
    await world.until(lambda: len(world.kie.tasks) == 2)
    film = world.kie.tasks[1]
    assert (film.model, film.input["prompt"]) == (KLING_OF_PICTURE, "лиса бежит")
    anna.send("/draw --model cutout", chat=group, reply_to=picture)
    await world.until(lambda: len(world.kie.tasks) == 3)
    assert world.kie.tasks[2].model == "recraft/remove-background"
    anna.send("/draw лиса --model klng", chat=group)
    await world.telegram.wait_for(
        lambda: any("лиса --model kling" in each.words for each in group.messages if each.from_bot)
    )
    await world.prefer(1001, ask=None)
    anna.send("/draw лиса --model banana-pro --q ultra --n 2", chat=group)
    await world.telegram.wait_for(lambda: world.balance(1001) == TOKENS - 24 - 168 - 5 - 192)


async def test_a_dear_request_is_asked_about_in_a_group_too(world: World) -> None:
    anna = await customer(world, ask=None)
    group = world.telegram.add_group(-500, "Группа", [anna])
    anna.send("/draw лиса бежит --model kling", chat=group)
    await world.telegram.wait_for(
        lambda: any(each.words.startswith("Это дороже, чем обычно.") for each in group.messages)
    )
    assert world.balance(1001) == TOKENS


async def test_a_film_in_reply_to_a_picture_is_of_that_picture(world: World) -> None:
    anna = await customer(world)
    anna.send("рыжая лиса")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    anna.send("--model kling", reply_to=picture.message_id)
    await world.until(lambda: len(world.kie.tasks) == 2)
    film = world.kie.tasks[1]
    assert (film.model, film.input["prompt"]) == (KLING_OF_PICTURE, "рыжая лиса")
    anna.send("--model animate", reply_to=picture.message_id)
    await world.until(lambda: len(world.kie.tasks) == 3)
    assert world.kie.tasks[2].input["prompt"] == "рыжая лиса"
    anna.send("--model banana", reply_to=picture.message_id)
    await world.until(lambda: len(world.kie.tasks) == 4)
    assert "image_input" not in world.kie.tasks[3].input, "the same words, by another model"


MEANT = {
    "лиса --model Kling 3": "лиса --model kling-3",
    "лиса --model kling 2.5 turbo": "лиса --model kling",
    "--model kling 2 лисы": "2 лисы --model kling",
    "--model kling 2.5 turbo 2 лисы": "2 лисы --model kling",
    "--model upscale x2 лиса": "лиса --model upscale-x2",
    "--model nano banana 2.1 лиса бежит": "лиса бежит --model banana",
    "лиса --model nano banana --q high": "лиса --model banana --q high",
    "лиса --model seedance --duration 10": "лиса --model clip --duration 10",
    "лиса --model midjourney": "лиса --model midjourney-v7-fast",
    "лиса --model topaz": "лиса --model upscale-x2",
    "--модель kling лиса": "--model kling лиса",
    "лиса -- model kling --duration 10": "лиса --model kling --duration 10",
    "лиса --modle kling --duration 10": "лиса --model kling --duration 10",
    "лиса --model bananapro": "лиса --model banana-pro",
}


@pytest.mark.parametrize("text", MEANT)
async def test_a_model_is_meant_by_its_name(world: World, text: str) -> None:
    anna = await customer(world)
    said = await ask(world, anna, text)
    assert said.endswith(f"Отправьте вместо этого:\n{MEANT[text]}"), said
    assert world.kie.tasks == []


async def test_a_model_without_a_name_is_answered_with_all(world: World) -> None:
    anna = await customer(world)
    for text in ("лиса --model", "--model"):
        said = await ask(world, anna, text)
        assert said.startswith("После --model нужно значение: midjourney-v7-fast, banana, gpt,")
        assert said.endswith("cutout. Ничего не списано.")


async def test_words_behind_the_model_are_moved_before_it(world: World) -> None:
    anna = await customer(world)
    said = await ask(world, anna, "лиса --model kling бежит по снегу --duration 7")
    assert said.endswith("Отправьте вместо этого:\nлиса бежит по снегу --model kling --duration 5")


# --- What costs more is asked about first


async def test_a_dear_request_names_its_model_and_price(world: World) -> None:
    anna = await customer(world, ask=None)
    question = await answer(world, anna, "лиса бежит по снегу --model kling --duration 10")
    assert question.words.splitlines() == [
        "Это дороже, чем обычно. Продолжить?",
        "лиса бежит по снегу",
        "Kling 2.5 Turbo · 16:9 · 10 с",
        "1 видео за 336 токенов; на балансе 100000 токенов. Пока ничего не списано.",
    ]
    assert [each["text"] for each in question.buttons] == ["Сделать", "Не надо"]
    await pressed(world, anna, question, "Сделать")
    await world.until(lambda: world.balance(1001) == TOKENS - 336)
    anna.send("/balance")
    await world.said(anna, lambda text: ": −336, 1 видео «лиса бежит по снегу»" in text)
    anna.send("кот бежит по снегу --model kling --duration 10")  # a price that is known by now
    await world.until(lambda: world.balance(1001) == TOKENS - 2 * 336)
    anna.send("кот бежит --model kling-3 --duration 10")
    await world.said(anna, lambda text: "1 видео за 560 токенов" in text)


async def test_a_no_is_no_knowledge_of_a_price(world: World) -> None:
    anna = await customer(world, ask=None)
    question = await answer(world, anna, "лиса бежит по снегу --model kling")
    await pressed(world, anna, question, "Не надо")
    again = await answer(world, anna, "лиса бежит по снегу --model kling")
    assert again.words.startswith("Это дороже, чем обычно.")
    assert world.balance(1001) == TOKENS


async def test_at_the_usual_price_nobody_looks_up_what_was_paid(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = list[int]()
    highest_price = Jobs.highest_price

    async def look(self: Jobs, user_id: int, within_s: float) -> int:
        looked.append(user_id)
        return await highest_price(self, user_id, within_s)

    monkeypatch.setattr(Jobs, "highest_price", look)
    anna = await customer(world, ask=None)
    anna.send("лиса бежит по снегу")
    (picture,) = await world.pictures(anna, 1)
    anna.send("--ar 16:9", reply_to=picture)
    await world.pictures(anna, 2)
    assert looked == []
    await answer(world, anna, "лиса бежит по снегу --model kling")
    assert looked == [1001]


async def test_who_has_a_dear_model_of_their_own_is_not_asked(world: World) -> None:
    anna = await customer(world, ask=None)
    await choose(world, anna, "Kling 2.5 Turbo")
    anna.send("лиса бежит по снегу")
    await world.until(lambda: world.balance(1001) == TOKENS - 168)
    anna.send("привет")
    question = await world.said(anna, lambda text: text.startswith("Сделать видео по этим словам?"))
    assert "1 видео за 168 токенов, на балансе останется" in question.words


async def test_a_value_of_the_settings_that_went_off_sale_says_the_way_out(world: World) -> None:
    anna = await customer(world)
    await world.prefer(anna.user_id, model="kling-3")
    await world.write(
        "INSERT INTO product_preferences VALUES (?, 'kling_3', ?)",
        anna.user_id,
        json.dumps({"duration": "10", "sound": True}),
    )
    card = await answer(world, anna, "/settings")
    assert "Запрос сейчас стоит 800 токенов" in card.words
    await world.write("DELETE FROM model_prices WHERE slug = 'kling-3' AND param = 'sound'")
    said = await ask(world, anna, "лиса бежит по снегу")
    assert said == (
        "--sound сейчас не продаётся. Ничего не списано."
        " Это значение из ваших настроек, изменить его: /settings"
    )
    card = await answer(world, anna, "/settings")
    assert "Звук: да (не продаётся)" in card.words
    assert "Запрос с такими настройками не принять: одно из значений сейчас не" in card.words
    await pressed(world, anna, card, "Звук")
    await pressed(world, anna, card, "нет")
    await world.telegram.wait_for(lambda: "Запрос сейчас стоит 560 токенов" in card.words)


async def test_a_picture_in_place_of_a_film_is_asked_about_first(world: World) -> None:
    anna, admin = await customer(world), world.telegram.person(ADMIN)
    anna.send_photo(png(300, 300), caption="лиса бежит --model animate")
    (film,) = await world.pictures(anna, 1)
    await world.closed()
    await ask(world, admin, "/disable animate")
    before = world.balance(1001)
    anna.send("--duration 10", reply_to=film)
    await world.said(
        anna, lambda text: text.startswith("У Midjourney нет флага --duration. Можно: --ar, --q")
    )
    anna.send("--ar 9:16", reply_to=film)
    question = await world.said(anna, lambda text: "Пока ничего не списано" in text)
    assert "Модель Kling 2.1 сейчас не работает, вместо неё — Midjourney V6" in question.words
    assert "1 картинка за 79 токенов" in question.words
    assert world.balance(1001) == before
    await pressed(world, anna, question, "Нарисовать")
    await world.until(lambda: world.balance(1001) == before - 79)


async def test_what_follows_the_picture_is_no_value_of_the_caption(world: World) -> None:
    anna = await customer(world)
    anna.send_photo(png(300, 300), caption="лиса бежит --model clip")
    (film,) = await world.pictures(anna, 1)
    head = film.words.splitlines()[0]
    assert head == "Seedance 2 mini · 5 с · standard · по вашей картинке"
