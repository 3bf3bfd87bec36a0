"""The admins' catalogue, over HTTP: right use, wrong use, by others, and the same update again."""

import json

import pytest

from bot.demo.telegram import Person
from bot.texts import load_texts
from tests.asking import answer, ask, journal
from tests.support import ADMIN, World

SLUG = "midjourney-v7-fast"
TEXTS = load_texts()["ru"]
COMMANDS = sorted(TEXTS.admin_menu().keys() - TEXTS.menu(()).keys())  # /promo is everybody's too


@pytest.fixture
async def admin(world: World) -> Person:
    """The admin, of a bot with Midjourney alone in the catalogue."""
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'cutout'")))
    await world.write("DELETE FROM model_prices")
    await world.write("DELETE FROM models WHERE provider <> 'midjourney'")
    return world.telegram.person(ADMIN)


async def add_model(world: World, slug: str, position: int, *, enabled: int = 0) -> None:
    await world.write(
        "INSERT INTO models (slug, name, provider, input_images, price, enabled, position)"
        " VALUES (?, ?, 'midjourney', 0, 5, ?, ?)",
        slug,
        slug.title(),
        enabled,
        position,
    )


async def test_models_lists_everything_about_each(world: World, admin: Person) -> None:
    anna = await world.customer()
    anna.send("кот --n 2")
    await world.pictures(anna, 2)
    await world.closed()
    await add_model(world, "niji-6", 2)
    words = await ask(world, admin, "/models")
    assert words == (
        "Моделей: 2, включено: 1.\n"
        "1. ✅ Midjourney V6 · midjourney-v7-fast · включена\n"
        "79 токенов · принимает картинку · нарисовано: 2\n"
        "KIE: в последнее время 8 кредитов\n"
        "2. 🚫 Niji-6 · niji-6 · скрыта\n"
        "5 токенов · только по описанию · нарисовано: 0"
    )


async def test_a_long_catalogue_is_paged_anew_at_each_press(world: World, admin: Person) -> None:
    await ask(world, admin, "/models")
    for number in range(2, 21):
        await add_model(world, f"model-{number:02}", number)
    first = await answer(world, admin, "/models")
    assert "model-08" in first.words
    assert "model-09" not in first.words
    assert [button["text"] for button in first.buttons] == ["1 / 3", "▶"]
    await world.write("UPDATE models SET name = 'Новое имя' WHERE slug = 'model-09'")
    press = admin.press(first, "▶")
    await world.telegram.wait_for(lambda: press.answer and "model-09" in first.words)
    assert "Новое имя" in first.words
    assert [button["text"] for button in first.buttons] == ["◀", "2 / 3", "▶"]
    await world.write("DELETE FROM models WHERE position > 9")
    press = admin.press(first, "▶")  # the third page is gone: the last one comes
    await world.telegram.wait_for(lambda: "2 / 2" in str(first.buttons))
    before = first.words
    presses = [
        admin.forge(first, data)
        for data in (
            "page:models:0",
            "page:models:x",
            "page:nothing:1",
            "page:",
            "page:models:" + "9" * 40,
        )
    ]
    await world.telegram.wait_for(lambda: all(each.answer for each in presses))
    assert "model" in before


async def test_a_price_is_seen_by_the_next_prompt_and_not_by_the_job_before(
    world: World, admin: Person
) -> None:
    anna = await world.customer(tokens=1000)
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    words = await ask(world, admin, f"/price {SLUG} 100")
    assert words == (
        "midjourney-v7-fast: теперь цена — 100 токенов, раньше было 79."
        " Уже принятые запросы идут по старой цене."
    )
    anna.send("пёс")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 2)
    anna.send("лис")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 3)
    world.kie.finish(world.kie.tasks[0])
    world.kie.finish(world.kie.tasks[1])
    world.kie.finish(world.kie.tasks[2])
    await world.closed()
    assert [row["price"] for row in world.rows("SELECT price FROM jobs")] == [79, 100, 100]
    assert world.balance(anna.user_id) == 1000 - 79 - 100 - 100
    assert journal(world) == [(ADMIN, "price", SLUG, "79", "100")]


@pytest.mark.parametrize("tokens", ["0", "1000001", "999999999999"])
async def test_a_price_has_bounds(world: World, admin: Person, tokens: str) -> None:
    words = await ask(world, admin, f"/price {SLUG} {tokens}")
    assert words == "Цена — целое число от 1 до 1000000 токенов. Ничего не изменилось."
    assert journal(world) == []


async def test_the_bounds_themselves_are_prices(world: World, admin: Person) -> None:
    assert "1 токен, раньше" in await ask(world, admin, f"/price {SLUG} 1")
    assert "1000000 токенов, раньше" in await ask(world, admin, f"/price {SLUG} 1000000")


async def test_a_repeated_update_changes_nothing_twice(world: World, admin: Person) -> None:
    await ask(world, admin, "/models")
    for line in (f"/price {SLUG} 100", f"/disable {SLUG}", f"/rename {SLUG} Имя"):
        world.telegram.updates.repeat_next()
        await ask(world, admin, line)
        await world.answered()
    assert [entry[1] for entry in journal(world)] == ["price", "enabled", "name"]
    # One that comes very late does not undo what was set since.
    old = world.rows("SELECT act_key FROM journal WHERE action = 'price'")[0]["act_key"]
    assert old.startswith(f"123456:{ADMIN}:")
    assert world.rows("SELECT price, enabled, name FROM models") == [
        {"price": 100, "enabled": 0, "name": "Имя"}
    ]


async def test_with_none_enabled_prompts_are_answered_and_free(world: World, admin: Person) -> None:
    anna = await world.customer()
    assert await ask(world, admin, f"/disable {SLUG}") == (
        "Модель midjourney-v7-fast скрыта. Уже принятые запросы будут нарисованы."
        " Теперь не включена ни одна модель: людям об этом скажут и ничего не спишут."
    )
    assert "Ничего не списано." in await ask(world, anna, "кот")
    assert world.balance(anna.user_id) == 1000
    assert await ask(world, admin, f"/enable {SLUG}") == "Модель midjourney-v7-fast включена."
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()


async def test_rename_and_describe(world: World, admin: Person) -> None:
    assert await ask(world, admin, f"/rename {SLUG}  Имя <b>&\n два ") == (
        "Модель midjourney-v7-fast теперь называется «Имя <b>& два»,"
        " раньше называлась «Midjourney V6»."
    )
    assert await ask(world, admin, f"/describe {SLUG} Быстро <i> и\nярко") == (
        "Теперь описание модели midjourney-v7-fast такое:\nБыстро <i> и\nярко"
    )
    assert world.rows("SELECT name, description FROM models") == [
        {"name": "Имя <b>& два", "description": "Быстро <i> и\nярко"}
    ]
    assert "а можно не больше 64" in await ask(world, admin, f"/rename {SLUG} {'я' * 65}")
    assert "а можно не больше 512" in await ask(world, admin, f"/describe {SLUG} {'я' * 513}")
    await ask(world, admin, f"/rename {SLUG} {'😀' * 64}")
    assert "😀" * 64 in await ask(world, admin, "/models")


async def test_position_moves_one_and_keeps_the_order_of_the_others(
    world: World, admin: Person
) -> None:
    await ask(world, admin, "/models")
    for number, slug in enumerate(("bravo", "charlie"), 2):
        await add_model(world, slug, number)
    assert await ask(world, admin, f"/position {SLUG} 99") == (
        "Модель midjourney-v7-fast теперь на месте 3, раньше была на месте 1."
    )
    await ask(world, admin, "/position charlie 1")
    rows = world.rows("SELECT slug, position FROM models ORDER BY position")
    assert [(row["slug"], row["position"]) for row in rows] == [
        ("charlie", 1),
        ("bravo", 2),
        (SLUG, 3),
    ]


async def test_options_go_under_the_person_s_own_and_stay_with_the_job(
    world: World, admin: Person
) -> None:
    anna = await world.customer(tokens=1000)
    words = await ask(
        world, admin, f'/options {SLUG} {{"stylize": 200, "weird": 1, "aspect_ratio": "3:2"}}'
    )
    assert words.startswith(
        'midjourney-v7-fast: теперь настройки {"stylize":200,"weird":1,"aspect_ratio":"3:2"},'
        " раньше были {}."
    )
    for number, line in enumerate(("кот", "кот --opt weird=9", "кот --ar 16:9"), 1):
        anna.send(line)
        await world.pictures(anna, number)
        await world.closed()
    await ask(world, admin, f"/options {SLUG} {{}}")
    anna.send("кот")
    await world.pictures(anna, 4)
    await world.closed()
    kept = [json.loads(row["options"]) for row in world.rows("SELECT options FROM jobs")]
    assert kept == [
        {"stylize": 200, "weird": 1, "aspect_ratio": "3:2"},
        {"stylize": 200, "weird": 9, "aspect_ratio": "3:2"},
        {"stylize": 200, "weird": 1},
        {},
    ]
    inputs = [task.input for task in world.kie.tasks]
    assert [each["aspect_ratio"] for each in inputs] == ["3:2", "3:2", "16:9", "1:1"]
    assert [each.get("weird") for each in inputs] == [1, 9, 1, None]


async def test_closed_options_are_opened_for_a_model_and_closed_again(
    world: World, admin: Person
) -> None:
    anna = await world.customer(tokens=1000)
    assert (await ask(world, anna, "кот --opt Speed=fast")).startswith("Настройка Speed закрыта:")
    await world.answered()
    world.telegram.updates.repeat_next()
    words = await ask(world, admin, f"/options {SLUG} allow speed, resolution")
    assert words.startswith(f"{SLUG}: людям открыто: resolution, speed; раньше: ничего.")
    admin.send("/models")
    await world.said(admin, lambda text: "· открыто: resolution, speed" in text)
    words = await ask(world, admin, f"/options {SLUG}")
    assert words.startswith(f"{SLUG}: настройки {{}}; людям открыто: resolution, speed.")
    anna.send("кот --opt Speed=fast")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.kie.tasks[0].input["Speed"] == "fast"
    assert "Из таких настроек открыты: resolution, speed." in await ask(
        world, anna, "кот --opt n=2"
    )
    words = await ask(world, admin, f"/options {SLUG} disallow SPEED turbo")
    assert words.startswith(f"{SLUG}: людям открыто: resolution; раньше: resolution, speed.")
    assert (await ask(world, anna, "кот --opt speed=fast")).startswith("Настройка speed закрыта:")
    assert [entry[1:] for entry in journal(world)] == [
        ("allowed_options", SLUG, "[]", '["resolution","speed"]'),
        ("allowed_options", SLUG, '["resolution","speed"]', '["resolution"]'),
    ]
    assert await ask(world, admin, f"/options {SLUG} allow n stylize") == (
        "stylize: это люди могут задавать и так. Ничего не изменилось."
    )
    assert world.balance(anna.user_id) == 921


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        ("[1]", "Это не объект JSON."),
        ("{", "Это не объект JSON."),
        ("allow", "Это не объект JSON."),
        ("allow ключ", "Это не объект JSON."),
        ('{"a": 1e999}', "Это не объект JSON."),
        ('{"a": ' + "[" * 2000 + "]" * 2000 + "}", "Это не объект JSON."),
        ('{"prompt": "кот"}', "prompt задаёт сам запрос"),
        ('{"a": "' + "я" * 2045 + '"}', "Настройки в виде JSON должны занимать не больше 4096"),
    ],
)
async def test_wrong_options(world: World, admin: Person, given: str, begins: str) -> None:
    words = await ask(world, admin, f"/options {SLUG} {given}")
    assert words.startswith(begins)
    assert "Ничего не изменилось." in words
    assert world.rows("SELECT options FROM models") == [{"options": "{}"}]
    assert journal(world) == []


@pytest.mark.parametrize(
    "line",
    [
        "/price",
        "/price 79",
        f"/price {SLUG} много",
        f"/price {SLUG} 1.5",
        f"/price {SLUG} -1",
        "/enable",
        f"/disable {SLUG} now",
        f"/rename {SLUG}",
        f"/rename {SLUG} \u200b",
        "/describe",
        f"/describe {SLUG}",
        f"/position {SLUG} 0",
        f"/position {SLUG} first",
        "/options",
    ],
)
async def test_wrong_use_gets_the_form_and_an_example(
    world: World, admin: Person, line: str
) -> None:
    command = line.split()[0]
    words = await ask(world, admin, line)
    assert words.startswith(f"Нужно так: {command} SLUG")
    assert f", например {command} midjourney-v7-fast" in words
    assert words.endswith("Ничего не изменилось.")
    assert journal(world) == []


@pytest.mark.parametrize(
    "line",
    [
        "/price {} 5",
        "/enable {}",
        "/disable {}",
        "/rename {} x",
        "/describe {} x",
        "/position {} 1",
        "/options {} {{}}",
        "/options {}",
        "/options {} allow speed",
    ],
)
async def test_a_slug_that_is_not_gets_the_nearest_that_are(
    world: World, admin: Person, line: str
) -> None:
    words = await ask(world, admin, line.format("Midjorney<v7"))
    assert words == (
        "Модели Midjorney<v7 нет. Ближайшие: midjourney-v7-fast. Ничего не изменилось."
    )
    assert journal(world) == []


@pytest.mark.parametrize("command", COMMANDS)
async def test_for_others_there_are_no_such_commands(world: World, command: str) -> None:
    anna = await world.customer()
    nothing = await ask(world, anna, "/nothing")
    for line in (f"/{command}", f"/{command} {SLUG} 5", f"/{command} 1001"):
        assert await ask(world, anna, line) == nothing
    group = world.telegram.add_group(-100500, "Группа", [anna])
    anna.send(f"/{command} {SLUG} 5", chat=group)
    own = world.bot_messages(anna)[0]
    presses = [anna.forge(own, data) for data in ("page:models:1", "give:1001:5:0", "ban:1001")]
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    await world.answered()
    assert {press.answer.text for press in presses if press.answer} <= {None, ""}
    assert [message for message in group.messages if message.from_bot] == []
    assert journal(world) == []
    assert world.balance(anna.user_id) == 1000


async def test_in_a_group_an_admin_is_not_answered_either(world: World, admin: Person) -> None:
    group = world.telegram.add_group(-100500, "Группа", [admin])
    admin.send(f"/price {SLUG} 5", chat=group)
    await world.answered()
    assert [message for message in group.messages if message.from_bot] == []
    assert journal(world) == []
