"""KIE's own descriptions of its models, held against what the bot sends."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.admin import kie_watch
from tests.asking import ask
from tests.support import ADMIN, World

MODEL = "midjourney/v6-text-to-image"


async def test_what_a_model_does_not_take_is_refunded_and_told_to_the_admins_once(
    world: World,
) -> None:
    anna = await world.customer(tokens=500)
    schema = {
        "type": "object",
        "properties": {"prompt": {}, "aspect_ratio": {"enum": ["1:1"]}, "quality": {}},
        "required": ["prompt"],
        "additionalProperties": False,
    }
    await world.stop()
    await world.write(
        "INSERT INTO kie_models (model, schema, price) VALUES (?, ?, '')", MODEL, json.dumps(schema)
    )
    await world.start()
    anna.send("лиса --ar 16:9 --n 2")
    await world.closed()
    assert world.kie.tasks == []
    assert world.balance(anna.user_id) == 500
    said = await world.said(anna, lambda text: text.startswith("Midjourney (KIE): у сервиса"))
    assert "запрос не отправлен" in said.words
    admin = world.telegram.person(ADMIN)
    await world.said(admin, lambda text: "aspect_ratio: none of 1:1" in text)
    assert sum("aspect_ratio" in each.words for each in world.bot_messages(admin)) == 1


async def compared(world: World) -> None:
    """Restart the bot, and wait until it has asked KIE about all that is on sale."""
    await world.stop()
    world.tune(discovery=(100, 0.001), comparison_pauses_s=(0.0, 86_400.0))
    world.kie.limits = None
    asked = len(world.kie.calls)
    await world.start()
    models = {MODEL, "midjourney/v6-image-to-image"}

    def is_done() -> bool:
        paths = {call.path for call in world.kie.calls[asked:]}
        return {f"/api/v1/models/{each}/price" for each in models} <= paths

    await world.until(is_done)
    await world.until(lambda: len(world.rows("SELECT 1 FROM kie_models")) >= len(models))


def change(world: World, model: str, **fields: Any) -> None:
    """Let KIE have other fields of a model; None: it has none of that name."""
    known = world.kie.market[model]
    now = {name: each for name, each in {**known.fields, **fields}.items() if each is not None}
    world.kie.market[model] = replace(known, fields=now)


async def test_what_changed_is_told_once_and_orders_go_by_it(world: World) -> None:
    admin = world.telegram.person(ADMIN)
    await compared(world)
    assert world.rows("SELECT * FROM kie_differences") == []
    change(
        world,
        MODEL,
        aspect_ratio={"enum": ["1:1"]},
        negative_prompt=None,
        negative_prompts={"type": "string"},
    )
    world.kie.market[MODEL] = replace(world.kie.market[MODEL], credits=16.0)
    await compared(world)
    said = await world.said(admin, lambda text: "KIE описывает включённые модели иначе" in text)
    assert f"{MODEL} больше не принимает: aspect_ratio 16:9, 9:16, 3:2, 2:3:" in said.words
    assert "negative_prompt: no such field, negative_prompts?" in said.words
    assert f"цена {MODEL} у KIE была «A request: 8 credits" in said.words
    anna = await world.customer(tokens=500)
    anna.send("лиса")
    await world.pictures(anna, 1)
    anna.send("лиса --ar 16:9")
    await world.said(anna, lambda text: "запрос не отправлен" in text)
    assert world.balance(anna.user_id) == 421
    await compared(world)
    world.kie.market[MODEL] = replace(world.kie.market[MODEL], credits=24.0)
    await compared(world)
    said = await world.said(admin, lambda text: "16 credits" in text and "24 credits" in text)
    assert "aspect_ratio" not in said.words
    told = [each for each in world.bot_messages(admin) if "KIE описывает включённые" in each.words]
    assert len(told) == 2


async def test_what_stops_orders_is_asked_about_again_before_the_day_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kie_watch, "AGAIN_PAUSE_S", 0.05)
    known = world.kie.market[MODEL]
    change(world, MODEL, aspect_ratio={"enum": ["1:1"]})
    await compared(world)
    admin = world.telegram.person(ADMIN)
    await world.said(admin, lambda text: f"{MODEL} больше не принимает" in text)
    world.kie.market[MODEL] = known
    await world.until(
        lambda: bool(
            world.rows("SELECT 1 FROM kie_models WHERE model = ? AND instr(schema, '16:9')", MODEL)
        )
    )
    anna = await world.customer(tokens=500)
    anna.send("лиса --ar 16:9")
    await world.pictures(anna, 1)


async def test_a_model_that_kie_drops_has_its_fallback_and_the_nearest_is_named(
    world: World,
) -> None:
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'banana'")))
    await world.write("UPDATE models SET enabled = 1 WHERE slug = 'banana'")
    world.kie.unlisted_models |= {"nano-banana-2-1", "midjourney/v6-image-to-image"}
    await world.stop()
    world.tune(discovery=(100, 0.001), comparison_pauses_s=(0.0, 86_400.0))
    world.kie.limits = None
    await world.start()
    admin = world.telegram.person(ADMIN)
    said = await world.said(admin, lambda text: "KIE описывает включённые модели иначе" in text)
    assert "banana: в списке KIE нет nano-banana-2-1, вместо неё используется nano-banana-2." in (
        said.words
    )
    assert "в списке KIE нет midjourney/v6-image-to-image. Ближайшие: midjourney/v6-t" in said.words
    anna = await world.customer(tokens=500)
    anna.send("рыжая лиса --model banana")
    await world.kie.wait_for(lambda: world.kie.tasks)
    assert world.kie.tasks[0].model == "nano-banana-2"


async def test_a_fallback_that_kie_does_not_list_either_takes_no_orders(world: World) -> None:
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'banana'")))
    await world.write("UPDATE models SET enabled = 1 WHERE slug = 'banana'")
    world.kie.unlisted_models |= {"nano-banana-2-1", "nano-banana-2"}
    await compared(world)
    anna = await world.customer(tokens=500)
    anna.send("рыжая лиса --model banana")
    await world.kie.wait_for(lambda: world.kie.tasks)
    assert world.kie.tasks[0].model == "nano-banana-2-1"


async def test_a_schema_that_changed_under_an_added_row(world: World) -> None:
    admin = world.telegram.person(ADMIN)
    await compared(world)
    await ask(world, admin, "/addmodel wan/2-7-image wan")
    await ask(world, admin, "/price wan 20")
    await ask(world, admin, "/enable wan")
    change(world, "wan/2-7-image", style={"enum": ["a", "b"]})
    known = world.kie.market["wan/2-7-image"]
    world.kie.market["wan/2-7-image"] = replace(known, required="prompt style")
    await compared(world)
    said = await world.said(admin, lambda text: "KIE описывает включённые модели иначе" in text)
    assert "wan: wan/2-7-image требует полей, которые не отправляются: style." in said.words
    card = await ask(world, admin, "/addmodel wan/2-7-image wan")
    assert '"style": "a"' in card
    anna = await world.customer(tokens=500)
    anna.send("рыжая лиса --model wan")
    await world.pictures(anna, 1)
    assert world.kie.tasks[0].input["style"] == "a"


async def test_what_kie_does_not_say_of_one_row_is_asked_again_and_the_others_are_told(
    world: World,
) -> None:
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'draft'")))
    await world.write("UPDATE models SET enabled = slug IN ('draft', 'midjourney-v7-fast')")
    world.kie.fault("schema", html=502)  # of the first row
    change(world, "z-image", aspect_ratio={"enum": ["1:1"]})
    await world.stop()
    world.tune(discovery=(100, 0.001), comparison_pauses_s=(0.0, 0.05))
    world.kie.limits = None
    await world.start()
    admin = world.telegram.person(ADMIN)
    said = await world.said(admin, lambda text: "KIE описывает включённые" in text)
    assert "draft: z-image больше не принимает: aspect_ratio 16:9, 9:16, 4:3, 3:4" in said.words
    await world.until(lambda: len(world.rows("SELECT 1 FROM kie_models")) == 3)
    assert sum("KIE описывает" in each.words for each in world.bot_messages(admin)) == 1


async def test_an_added_model_goes_with_whatever_key_there_is(world: World) -> None:
    await world.stop()
    world.tune(discovery=(100, 0.001))
    world.kie.limits = None
    await world.start(kie_api_key=None, kling_kie_api_key=world.settings.kie_api_key)
    admin = world.telegram.person(ADMIN)
    assert "добавлена" in await ask(world, admin, "/addmodel wan/2-7-image wan")
