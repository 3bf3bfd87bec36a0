"""/addmodel and /removemodel over HTTP: models that no declaration is for."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.demo.telegram import Person
from tests.asking import answer, ask, journal
from tests.support import ADMIN, World, png

WAN, CLIP, GROK = "wan/2-7-image", "wan/3-0-video", "grok-imagine-image-2-0/text-to-image"
PAIR = "flux-2/pro-text-to-image flux-2/pro-image-to-image"


@pytest.fixture
async def shop(world: World) -> World:
    """A bot that asks KIE as fast as it can, and a KIE that lets it."""
    await world.stop()
    world.tune(discovery=(100, 0.001))
    world.kie.limits = None
    await world.start()
    return world


@pytest.fixture
def admin(shop: World) -> Person:
    return shop.telegram.person(ADMIN)


def row(world: World, slug: str) -> dict[str, Any]:
    (found,) = world.rows("SELECT * FROM models WHERE slug = ?", slug)
    return found


async def test_a_picture_model_is_added_priced_sold_and_removed(shop: World, admin: Person) -> None:
    card = await ask(shop, admin, f"/addmodel {WAN}")
    assert card.startswith("wan-2-7-image добавлена: скрыта и пока без цены. Wan 2 7 Image делает")
    assert "--q → resolution: 1K, 2K, 4K; по умолчанию 2K; у других значений" in card
    assert '"n": 1' in card
    assert "Цена wan/2-7-image у KIE: " in card
    await ask(shop, admin, "/position wan-2-7-image 1")
    assert "цены ещё нет" in await ask(shop, admin, "/models")
    words = await ask(shop, admin, "/enable wan-2-7-image")
    assert words.startswith("У модели wan-2-7-image ещё нет цены.")
    words = await ask(shop, admin, "/price wan-2-7-image 20")
    assert words == (
        "wan-2-7-image: цена — 20 токенов. Чтобы включить модель: /enable wan-2-7-image."
    )
    assert "включена" in await ask(shop, admin, "/enable wan-2-7-image")
    anna = await shop.customer(tokens=100)
    anna.send("лиса --model wan-2-7-image --ar 16:9 --seed 7")
    await shop.pictures(anna, 1)
    await shop.closed()
    (task,) = shop.kie.tasks
    assert (task.model, task.input) == (
        WAN,
        {
            "prompt": "лиса",
            "n": 1,
            "watermark": False,
            "nsfw_checker": True,
            "aspect_ratio": "16:9",
            "resolution": "2K",
            "seed": 7,
        },
    )
    assert shop.balance(anna.user_id) == 80
    refused = await ask(shop, anna, "лиса --model wan-2-7-image --q 4K")
    assert "4K" in refused
    assert shop.balance(anna.user_id) == 80, "a value without a price is not sold"
    await shop.prefer(anna.user_id, model="wan-2-7-image")
    words = await ask(shop, admin, "/removemodel wan-2-7-image")
    assert words.startswith("wan-2-7-image убрана из списка.")
    assert "wan-2-7-image" not in await ask(shop, admin, "/models")
    assert "Модели wan-2-7-image нет." in await ask(shop, admin, "/enable wan-2-7-image")
    history = await ask(shop, anna, "/history")
    assert "лиса" in history
    assert [entry[1:] for entry in journal(shop)] == [
        ("added", "wan-2-7-image", "", WAN),
        ("place", "wan-2-7-image", "18", "1"),
        ("price", "wan-2-7-image", "", "20"),
        ("enabled", "wan-2-7-image", "0", "1"),
        ("removed", "wan-2-7-image", WAN, ""),
    ]
    anna.send("волк")
    await shop.said(anna, lambda text: "Модель Wan 2 7 Image сейчас не работает, вместо" in text)


async def test_a_film_with_whole_seconds(shop: World, admin: Person) -> None:
    card = await ask(shop, admin, f"/addmodel {CLIP} ролик")
    assert "ролик не подходит как короткое имя" in card
    card = await ask(shop, admin, f"/addmodel {CLIP} clip-3")
    assert "делает видео" in card
    await ask(shop, admin, "/price clip-3 30")
    await ask(shop, admin, "/enable clip-3")
    anna = await shop.customer(tokens=100)
    anna.send_photo(png(), caption="лиса бежит --model clip-3")
    await shop.kie.wait_for(lambda: shop.kie.tasks)
    (task,) = shop.kie.tasks
    assert (task.input["duration"], task.input["audio"]) == (5, False)
    assert task.input["first_frame_url"].startswith("http")


async def test_seconds_are_whole_numbers_each_with_a_price_of_its_own(
    shop: World, admin: Person
) -> None:
    card = await ask(shop, admin, "/addmodel bytedance/seedance-2-mini mini")
    assert "--duration → duration: 4, 5, 6, 7" in card
    await ask(shop, admin, "/price mini 30")
    await ask(shop, admin, "/enable mini")
    anna = await shop.customer(tokens=100)
    assert "10" in await ask(shop, anna, "лиса бежит по снегу --model mini --duration 10")
    assert shop.kie.tasks == []
    assert shop.balance(anna.user_id) == 100
    await ask(shop, admin, "/price mini duration=10 60")
    anna.send("лиса бежит по снегу --model mini --duration 10")
    await shop.kie.wait_for(lambda: shop.kie.tasks)
    (task,) = shop.kie.tasks
    assert task.input["duration"] == 10
    assert shop.balance(anna.user_id) == 40


async def test_a_pair_survives_a_restart(shop: World, admin: Person) -> None:
    card = await ask(shop, admin, f"/addmodel {PAIR} my-flux")
    assert "По описанию: flux-2/pro-text-to-image" in card
    assert "По картинкам: flux-2/pro-image-to-image, input_urls, до 8" in card
    await ask(shop, admin, "/price my-flux 10")
    await ask(shop, admin, "/enable my-flux")
    await shop.stop()
    await shop.start()
    anna = await shop.customer(tokens=100)
    anna.send_photo(png(), caption="рыжая лиса --model my-flux")
    await shop.pictures(anna, 1)
    (task,) = shop.kie.tasks
    assert task.model == "flux-2/pro-image-to-image"
    assert len(task.input["input_urls"]) == 1
    known = {each["model"] for each in shop.rows("SELECT model FROM kie_models")}
    assert known == set(PAIR.split())


async def test_what_cannot_be_added_changes_nothing(shop: World, admin: Person) -> None:
    before = shop.rows("SELECT * FROM models")
    for line, words in {
        "/addmodel": "Нужно так: /addmodel KIE-NAME",
        "/addmodel a b c d e": "Нужно так: /addmodel KIE-NAME",
        f"/addmodel {GROK}": f"Модель {GROK} в списке KIE есть, но её поля KIE не описывает",
        "/addmodel wan/2-7-imag": "В списке KIE нет модели wan/2-7-imag. Ближайшие: wan/2-7-image",
        f"/addmodel {WAN} qwen3/image-to-imag": "В списке KIE нет модели qwen3/image-to-imag.",
        f"/addmodel {WAN} banana": "Под именем banana продаётся или уже продавалась",
        f"/addmodel {WAN} z-image": "Вторая модель не принимает картинку.",
        "/addmodel kling-3.0/video": "Модель требует полей, для которых у бота ничего нет: multi",
        f"/addmodel {WAN} A_B": "A_B не подходит как короткое имя",
        "/removemodel": "Нужно так: /removemodel SLUG",
        "/removemodel banana": "banana — встроенная модель и остаётся в списке.",
        "/removemodel banan": "Модели banan нет. Ближайшие: banana",
    }.items():
        assert (await ask(shop, admin, line)).startswith(words), line
    shop.kie.down["models"] = 503
    assert (await ask(shop, admin, f"/addmodel {WAN}")).startswith("KIE не ответил: ")
    assert shop.rows("SELECT * FROM models") == before
    assert journal(shop) == []


async def test_it_is_safe_to_repeat_and_takes_what_changed(shop: World, admin: Person) -> None:
    shop.telegram.updates.repeat_next()
    await ask(shop, admin, f"/addmodel {WAN}")
    await shop.until(
        lambda: sum("добавлена" in each.words for each in shop.bot_messages(admin)) == 2
    )
    await ask(shop, admin, "/price wan-2-7-image 20")
    await ask(shop, admin, "/enable wan-2-7-image")
    before = row(shop, "wan-2-7-image")
    known = shop.kie.market[WAN]
    fields = {**known.fields, "resolution": {"enum": ["1K", "2K", "8K"], "default": "2K"}}
    shop.kie.market[WAN] = replace(known, fields=fields)
    card = await ask(shop, admin, f"/addmodel {WAN}")
    assert card.startswith("wan-2-7-image уже есть; поля обновлены по сегодняшнему описанию KIE.")
    assert "--q → resolution: 1K, 2K, 8K; по умолчанию 2K" in card
    assert "Дальше" not in card
    after = row(shop, "wan-2-7-image")
    assert {name for name in after if after[name] != before[name]} == {"declared"}
    assert [entry[1] for entry in journal(shop)] == ["added", "price", "enabled", "added"]


async def test_a_default_that_changed_is_not_sold_at_the_price_of_the_old_one(
    shop: World, admin: Person
) -> None:
    await ask(shop, admin, f"/addmodel {WAN} wan")
    await ask(shop, admin, "/price wan 20")
    await ask(shop, admin, "/enable wan")
    known = shop.kie.market[WAN]
    fields = {**known.fields, "resolution": {"enum": ["1K", "2K", "4K"], "default": "4K"}}
    shop.kie.market[WAN] = replace(known, fields=fields)
    card = await ask(shop, admin, f"/addmodel {WAN} wan")
    assert card.startswith(
        "wan уже есть; поля обновлены по сегодняшнему описанию KIE. По умолчанию она делает теперь"
        " другое, поэтому скрыта и осталась без цены. Wan 2 7 Image делает картинки."
    )
    assert card.endswith("Дальше: /price wan 79, потом /enable wan.")
    assert (row(shop, "wan")["enabled"], row(shop, "wan")["price_set"]) == (0, 0)
    assert "ещё нет цены" in await ask(shop, admin, "/enable wan")


async def test_again_is_made_as_the_model_takes_it_today(shop: World, admin: Person) -> None:
    await ask(shop, admin, f"/addmodel {WAN} wan")
    await ask(shop, admin, "/price wan 20")
    await ask(shop, admin, "/enable wan")
    anna = await shop.customer(tokens=100)
    anna.send("лиса --model wan --ar 16:9")
    (picture,) = await shop.pictures(anna, 1)
    await shop.closed()
    known = shop.kie.market[WAN]
    fields = {name: each for name, each in known.fields.items() if name != "resolution"}
    fields["quality"] = {"enum": ["low", "best"], "default": "best"}
    shop.kie.market[WAN] = replace(known, fields=fields)
    card = await ask(shop, admin, f"/addmodel {WAN} wan")
    assert "поэтому скрыта и осталась без цены" in card, "a quality that is gone had the price"
    await ask(shop, admin, "/price wan 15")
    await ask(shop, admin, "/enable wan")
    anna.press(picture, "Ещё раз · 20")
    await shop.pictures(anna, 2)
    again = shop.kie.tasks[-1].input
    assert (again["quality"], again["aspect_ratio"]) == ("best", "16:9")
    assert "resolution" not in again
    assert shop.balance(anna.user_id) == 100 - 20 - 15


async def test_a_name_under_which_something_was_sold_stays_that_of_its_model(
    shop: World, admin: Person
) -> None:
    await ask(shop, admin, f"/addmodel {WAN} wan")
    await ask(shop, admin, "/price wan 20")
    await ask(shop, admin, "/enable wan")
    anna = await shop.customer(tokens=100)
    anna.send("лиса --model wan")
    await shop.pictures(anna, 1)
    await ask(shop, admin, "/removemodel wan")
    card = await ask(shop, admin, "/addmodel z-image wan")
    assert card.startswith("Под именем wan продаётся или уже продавалась другая модель.")
    assert (await ask(shop, admin, f"/addmodel {WAN} wan")).startswith("wan добавлена")


async def test_one_that_was_removed_comes_back_without_its_price(
    shop: World, admin: Person
) -> None:
    await ask(shop, admin, f"/addmodel {WAN} x")
    await ask(shop, admin, "/price x 20")
    await ask(shop, admin, "/removemodel x")
    assert (await ask(shop, admin, "/addmodel z-image x")).startswith("x добавлена")
    assert json.loads(row(shop, "x")["declared"])["models"]["text"] == "z-image"
    assert "ещё нет цены" in await ask(shop, admin, "/enable x")


async def test_however_many_and_long_its_values_are_the_menus_open(
    shop: World, admin: Person
) -> None:
    known = shop.kie.market[WAN]
    words = ["1K", "x" * 90, "щ" * 40, *map(str, range(200))]
    ratios = [f"{wide}:{high}" for wide in range(1, 20) for high in range(1, 20)]
    fields = {"resolution": {"enum": words}, "aspect_ratio": {"enum": ratios}}
    shop.kie.market[WAN] = replace(known, fields={**known.fields, **fields})
    await ask(shop, admin, f"/addmodel {WAN} wan")
    await ask(shop, admin, "/price wan 20")
    await ask(shop, admin, "/enable wan")
    for word in words[1:]:
        await shop.write("INSERT INTO model_prices VALUES ('wan', 'resolution', ?, 30)", word)
    anna = await shop.customer(tokens=100)
    await shop.prefer(anna.user_id, model="wan")
    card = await answer(shop, anna, "/settings")
    for what in ("q", "ar"):
        anna.press(card, f"set:{what}")
        await shop.telegram.wait_for(lambda: len(card.buttons) > 90)
        anna.press(card, "set:card")
        await shop.telegram.wait_for(lambda: len(card.buttons) < 10)
