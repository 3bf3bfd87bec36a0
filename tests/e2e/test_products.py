"""What a product declares, as a conversation: Midjourney's own words, the question, the help."""

from bot.demo.telegram import Message, Person
from tests.asking import ask
from tests.support import World


async def shown(world: World, person: Person, words: str) -> Message:
    return await world.said(person, lambda text: words in text)


async def test_midjourney_s_own_words_reach_it(world: World) -> None:
    anna = await world.customer()
    anna.send("--ar 2:3 кот на крыше --v 6 --s 250 --w 10 --c 5 --tile --iw 1.5 --raw --seed 7")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.kie.tasks[0].input == {
        "prompt": "кот на крыше",
        "aspect_ratio": "2:3",
        "quality": "standard",
        "cfg_scale": 0.5,
        "chaos": 5,
        "seed": 7,
        "style": "raw",
        "version": "6",
        "stylize": 250,
        "weird": 10,
        "tile": True,
        "iw": 1.5,
    }
    anna.send("кот --niji 6 --sref https://example.com/a.png --opt niji=1")
    await world.pictures(anna, 2)
    await world.closed()
    given = world.kie.tasks[1].input
    assert [*given][-3:] == ["version", "sref", "niji"]
    assert (given["version"], given["sref"]) == ("niji6", "https://example.com/a.png")


async def test_what_midjourney_has_and_this_model_cannot_is_named(world: World) -> None:
    anna = await world.customer()
    said = await ask(world, anna, "кот --cref https://a.b/c --ar 4:5 --s 250")
    assert said == (
        "В Midjourney флаг --cref есть, а эта модель его не понимает. Ничего не списано.\n\n"
        "Отправьте вместо этого:\nкот --ar 2:3 --s 250"
    )
    said = await ask(world, anna, "кот --ar 4:5")
    assert "Можно: 1:1, 16:9, 9:16, 3:2, 2:3." in said
    said = await ask(world, anna, "кот --tile в шляпе")
    assert said.startswith("--tile пишется без значения: «в шляпе» напишите перед ним.")
    said = await ask(world, anna, "кот --s много")
    assert "целое число от 0 до 1000" in said
    assert world.balance(anna.user_id) == 1000


async def test_the_question_names_what_was_chosen(world: World) -> None:
    anna = await world.customer()
    await world.prefer(1001, ask="always")
    anna.send("кот --niji 5 --tile --s 50 --no лес")
    question = await shown(world, anna, "Нарисовать это?")
    facts, negative = question.words.splitlines()[2:4]
    assert facts == "Midjourney V6 · 1:1 · standard · cfg 0.5 · niji5 · stylize 50 · tile"
    assert negative == "Чего не рисовать: лес"


async def test_help_and_the_card_are_those_of_the_product(world: World) -> None:
    anna = await world.customer()
    said = await ask(world, anna, "/help")
    assert "--ar 16:9 — соотношение сторон: 1:1, 16:9, 9:16, 3:2 или 2:3" in said
    assert "--raw --version --niji --stylize --weird --iw --sref --tile — и эти тоже" in said
