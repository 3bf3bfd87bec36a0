"""The walk from prompt to picture, over HTTP, when all goes well."""

import io

import pytest
from PIL import Image

from bot.demo.kie.pictures import draw
from tests.support import World


async def test_one_picture_arrives_as_a_reply_and_is_charged(world: World) -> None:
    world.kie.paint = draw
    anna = await world.customer(tokens=79)
    prompt = anna.send("рыжая лиса в снегу")
    (picture,) = await world.pictures(anna, 1)
    assert picture.reply_to is not None
    assert picture.reply_to.message_id == prompt
    assert Image.open(io.BytesIO(world.data(picture))).size == (1024, 1024)
    assert world.balance(anna.user_id) == 0
    await world.closed()
    assert [row["kind"] for row in world.rows("SELECT kind FROM ledger")] == ["welcome", "charge"]


async def test_the_issue_s_example(world: World) -> None:
    world.kie.paint = draw
    anna = await world.customer(tokens=200)
    anna.send("рыжая лиса в снегу --ar 16:9 --n 2")
    pictures = await world.pictures(anna, 2)
    sizes = [Image.open(io.BytesIO(world.data(each))).size for each in pictures]
    assert sizes == [(1024, 576)] * 2
    assert world.data(pictures[0]) != world.data(pictures[1])
    assert sorted(each.words.splitlines()[0] for each in pictures) == [
        "1/2 · Midjourney V6 · 16:9",
        "2/2 · Midjourney V6 · 16:9",
    ]
    await world.closed()
    summary = await world.said(anna, lambda text: text.startswith("Готово: пришли"))
    assert summary.words == (
        "Готово: пришли 2 картинки.\nСписано: 158 токенов, на балансе осталось: 42."
    )
    assert summary.edits, "the progress message itself became the summary"


async def test_four_images_are_created_in_order_and_polled_side_by_side(world: World) -> None:
    anna = await world.customer()
    # The tasks end when all four run: were they polled one after another, none would ever come.
    world.kie.task_seconds = 60
    anna.send("лес --n 4 --seed 7")
    await world.kie.wait_for(
        lambda: len(world.kie.tasks) == 4 and all(len(task.polls) >= 2 for task in world.kie.tasks)
    )
    creates = [call for call in world.kie.calls if call.path.endswith("createTask")]
    task_ids = [row["task_id"] for row in world.rows("SELECT task_id FROM items ORDER BY position")]
    assert task_ids == [task.task_id for task in world.kie.tasks]
    assert len(creates) == 4
    for task in world.kie.tasks:
        world.kie.finish(task)
    await world.pictures(anna, 4)
    await world.closed()


async def test_pictures_come_as_each_is_done(world: World) -> None:
    anna = await world.customer()
    world.kie.task_seconds = 60
    anna.send("лес --n 3")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 3)
    for number, task in enumerate(reversed(world.kie.tasks), start=1):
        world.kie.finish(task)
        pictures = await world.pictures(anna, number)
        assert len(pictures) == number
        if number < 3:
            await world.said(anna, lambda text, n=number: f"Готово: {n} из 3." in text)
    captions = [each.words.split(" ")[0] for each in await world.pictures(anna, 3)]
    assert captions == ["3/3", "2/3", "1/3"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("", {"aspect_ratio": "1:1", "quality": "standard", "cfg_scale": 0.5}),
        ("--ar 9:16", {"aspect_ratio": "9:16"}),
        ("—ar 3:2", {"aspect_ratio": "3:2"}),
        ("–ar 2:3", {"aspect_ratio": "2:3"}),
        ("--q high", {"quality": "high"}),
        ("--quality high", {"quality": "high"}),
        ("--no текст, рамка --ar 1:1", {"negative_prompt": "текст, рамка"}),
        ("--cfg 0.7", {"cfg_scale": 0.7}),
        ("--cfg 1", {"cfg_scale": 1}),
        ("--chaos 20", {"chaos": 20}),
        ("--seed 42", {"seed": 42}),
        ("--style raw", {"style": "raw"}),
        ("--mode fast", {"mode": "fast"}),
        ("--opt weird=0.5 --opt tile=yes", {"weird": 0.5, "tile": "yes"}),
        ('--options {"a": {"b": [1, "--n 3"]}}', {"a": {"b": [1, "--n 3"]}}),
        ('--ar 16:9 --options {"aspect_ratio": "3:2"}', {"aspect_ratio": "3:2"}),
    ],
)
async def test_each_flag_goes_into_input(
    world: World, flags: str, expected: dict[str, object]
) -> None:
    anna = await world.customer()
    anna.send(f"кот в шляпе {flags}")
    await world.pictures(anna, 1)
    (task,) = world.kie.tasks
    assert task.model == "midjourney/v6-text-to-image"
    assert task.input["prompt"] == "кот в шляпе"
    assert {name: task.input[name] for name in expected} == expected
    assert "n" not in task.input
    if "--no" not in flags:
        assert "negative_prompt" not in task.input


@pytest.mark.parametrize("flag", ["--n", "--repeat", "--r"])
async def test_quantity_flags(world: World, flag: str) -> None:
    anna = await world.customer()
    anna.send(f"кот {flag} 2")
    await world.pictures(anna, 2)
    await world.closed()
    assert len(world.kie.tasks) == 2


async def test_a_repeated_update_does_nothing(world: World) -> None:
    anna = await world.customer(tokens=790)
    world.telegram.updates.repeat_next()
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    await world.answered()
    assert world.balance(anna.user_id) == 711
    assert len(world.kie.tasks) == 1


async def test_english_for_english_and_russian_for_the_rest(world: World) -> None:
    bob = world.person(1002, "Bob", language="en-GB")
    bob.send("/balance")
    await world.said(bob, lambda text: text.startswith("79 tokens left."))
    zeynep = world.person(1003, "Zeynep", language="tr")
    zeynep.send("/balance")
    await world.said(zeynep, lambda text: text.startswith("79 токенов осталось."))
