"""Every product that the program brings: what is sent of an order, and what it costs."""

from typing import Any

import pytest

from bot.demo.kie.market import MODELS
from providers.base import Field, Flag, Input, Number, OneOf, Product, Text
from providers.order import Order
from providers.products import PRODUCTS
from tests.asking import ask
from tests.support import World, png

SHOP = [each for each in PRODUCTS.values() if each.key != "midjourney"]
TOKENS = 100_000


async def open_shop(world: World) -> None:
    """Put every row on sale."""
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'cutout'")))
    await world.write("UPDATE models SET enabled = 1")


def value(field: Field) -> str:
    """One that is not the default, as somebody would write it."""
    match field.kind:
        case OneOf(words=words):
            return f" {next(each for each in reversed(words) if each != field.default)}"
        case Number(high=high):
            return f" {high:.10g}"
        case Text():
            return " лес"
        case Flag():
            return ""
        case _:
            return " 7"


def flags(product: Product, given: Input) -> list[Field]:
    """All that can be said of such an order."""
    return [each for each in product.fields if each.only in {None, given}]


def ways(product: Product) -> list[Input]:
    models = {Input.TEXT: product.models.text, Input.PICTURE: product.models.picture}
    return [given for given, model in models.items() if model]


CASES = [
    pytest.param(product, given, id=f"{product.slug}-{given}")
    for product in SHOP
    for given in ways(product)
]


async def send(world: World, product: Product, given: Input, said: str) -> dict[str, Any]:
    """Order it, with that many words and flags, and return the task that KIE has of it then."""
    anna = world.telegram.person(1001)
    words = "" if product.is_tool else "рыжая лиса на крыше"
    line = f"{words} --model {product.slug} {said}".strip()
    before = len(world.kie.tasks)
    if given is Input.PICTURE:
        anna.send_photo(png(400, 300), caption=line)
    else:
        anna.send(line)
    await world.telegram.wait_for(lambda: len(world.kie.tasks) > before)
    task = world.kie.tasks[-1]
    model = product.models.text if given is Input.TEXT else product.models.picture
    assert task.model == model
    return task.input


def check_input(product: Product, given: Input, sent: dict[str, Any]) -> None:
    """Nothing that the model does not know, and everything that it wants."""
    name = product.models.text if given is Input.TEXT else product.models.picture
    model = MODELS[name or ""]
    assert sent.keys() <= model.fields.keys()
    assert {*model.required.split()} <= sent.keys()
    if "nsfw_checker" in model.fields:
        assert sent["nsfw_checker"] is True


@pytest.mark.parametrize(("product", "given"), CASES)
async def test_an_order_is_what_its_model_takes(
    world: World, product: Product, given: Input
) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    plain = await send(world, product, given, "")
    check_input(product, given, plain)
    told = product.credits_for(Order("", ""), given is Input.PICTURE)
    name = world.kie.tasks[0].model
    assert MODELS[name].cost(plain) == pytest.approx(told)
    price = world.rows("SELECT price FROM models WHERE slug = ?", product.slug)[0]["price"]
    await world.until(lambda: world.balance(anna.user_id) == TOKENS - price)

    fields = flags(product, given)
    sent = await send(world, product, given, " ".join(f"--{f.flag}{value(f)}" for f in fields))
    check_input(product, given, sent)
    assert {each.param for each in fields} <= sent.keys()
    assert all(sent[each.param] != plain.get(each.param) for each in fields)


VALUES = [
    pytest.param(product, field, word, id=f"{product.slug}-{field.flag}-{word}")
    for product in SHOP
    for field in product.priced
    for word in field.credits
]


@pytest.mark.parametrize(("product", "field", "word"), VALUES)
async def test_a_value_costs_what_kie_takes_for_it(
    world: World, product: Product, field: Field, word: str
) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    given = ways(product)[0]
    written = "" if isinstance(field.kind, Flag) else f" {word}"
    sent = await send(world, product, given, f"--{field.flag}{written}")
    task = world.kie.tasks[0]
    assert MODELS[task.model].cost(sent) == pytest.approx(field.credits[word])
    (row,) = world.rows(
        "SELECT price FROM model_prices WHERE slug = ? AND param = ? AND value = ?",
        product.slug,
        field.param,
        word,
    )
    await world.until(lambda: world.balance(anna.user_id) == TOKENS - row["price"])


async def test_several_values_multiply(world: World) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    await send(world, PRODUCTS["seedance"], Input.TEXT, "--duration 10 --q high")
    # 76 tokens for 5 seconds, 152 for 10, 164 when sharp
    await world.until(lambda: world.balance(anna.user_id) == TOKENS - 328)


async def test_what_costs_more_together_than_multiplied_does_so_here(world: World) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    await send(world, PRODUCTS["kling_3"], Input.TEXT, "--duration 10 --q high --sound")
    # 280 tokens for 5 seconds, 360 when sharp, 400 with sound; KIE's 27 credits a second are 540
    await world.until(lambda: world.balance(anna.user_id) == TOKENS - 1080)


async def test_a_value_without_a_price_is_not_sold(world: World) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    await world.write("DELETE FROM model_prices WHERE slug = 'kling'")
    said = await ask(world, anna, "кот --model kling --duration 10")
    assert said == "--duration 10 сейчас не продаётся. Можно: 5. Ничего не списано."
    said = await ask(world, anna, "кот --model banana --opt resolution=4K")
    assert said == ("Флага --opt resolution нет. Может быть, --q? Ничего не списано.")
    assert (world.balance(anna.user_id), world.kie.tasks) == (TOKENS, [])


REFUSED = {
    "banana": ("--cfg 0.5", "--cfg"),
    "gpt": ("--seed 7", "--seed"),
    "seedream-fast": ("--no лес", "--no"),
    "seedream": ("--ar 5:4", "1:1, 16:9, 9:16, 3:2, 2:3, 4:3, 3:4, 21:9"),
    "flux": ("--no лес", "--no"),
    "ideogram": ("--ar 3:2", "1:1, 16:9, 9:16, 4:3, 3:4"),
    "qwen": ("--q 4k", "standard, high"),
    "draft": ("--q high", "--ar"),
    "banana-pro": ("--seed 7", "--ar, --q"),
    "kling": ("--duration 7", "5, 10"),
    "kling-3": ("--no лес", "--sound"),
    "clip": ("--duration 3", "4, 5"),
}


@pytest.mark.parametrize("slug", REFUSED)
async def test_a_flag_that_a_model_lacks_is_refused_with_what_it_has(
    world: World, slug: str
) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    flag, offered = REFUSED[slug]
    said = await ask(world, anna, f"рыжая лиса --model {slug} {flag}")
    assert offered in said
    assert "Ничего не списано." in said
    assert f"рыжая лиса --model {slug}" in said, "the line to send instead keeps the model"
    assert (world.balance(anna.user_id), world.kie.tasks) == (TOKENS, [])


async def test_a_model_that_is_not_on_sale_is_named_with_the_nearest(world: World) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    said = await ask(world, anna, "--model klinng лиса бежит")
    assert said.startswith("Модели klinng нет. Есть: midjourney-v7-fast, banana, gpt,")
    assert said.endswith("Отправьте вместо этого:\nлиса бежит --model kling")
    said = await ask(world, anna, "лиса бежит --model klin")
    assert said.endswith("--model kling"), "a slug is nearer than a longer name of another"
    await world.write("UPDATE models SET enabled = 0 WHERE slug = 'kling'")
    said = await ask(world, anna, "лиса бежит --model kling")
    assert said.startswith("Модели kling нет.")
    assert world.balance(anna.user_id) == TOKENS


async def test_what_costs_more_than_usual_is_asked_about_first(world: World) -> None:
    anna = await world.customer(tokens=TOKENS, ask=None)
    await open_shop(world)
    said = await ask(world, anna, "лиса бежит по снегу --model kling --duration 10")
    assert "336 токенов" in said
    assert "Пока ничего не списано" in said
    assert world.balance(anna.user_id) == TOKENS


async def test_a_tool_does_not_sell_the_same_twice(world: World) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    anna.send_photo(png(300, 300), caption="--model upscale --n 3")
    said = await world.said(anna, lambda text: "слишком много" in text)
    assert said.words.startswith("3 картинки за раз — слишком много, можно не больше 1.")
    assert said.words.endswith("--model upscale --n 1")
    assert world.balance(anna.user_id) == TOKENS


async def test_a_tool_wants_a_picture_and_no_words(world: World) -> None:
    anna = await world.customer(tokens=TOKENS)
    await open_shop(world)
    said = await ask(world, anna, "--model cutout")
    assert said.startswith("Cut-out работает с картинкой: отправьте её")
    said = await ask(world, anna, "лиса --model cutout")
    assert said.startswith("Cut-out работает с одной картинкой, слова не нужны.")
    assert world.balance(anna.user_id) == TOKENS
