"""KIE's own descriptions of its models, held against what the bot sends."""

import json

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
    await world.write("INSERT INTO kie_models VALUES (?, ?, '')", MODEL, json.dumps(schema))
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
