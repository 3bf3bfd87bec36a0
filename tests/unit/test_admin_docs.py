"""docs/admin.md shows every command, and its answers are what the bot says."""

import re
from pathlib import Path

from bot.texts import load_texts
from tests.asking import ask
from tests.support import ADMIN, World

DOCS = Path(__file__).parents[2] / "docs" / "admin.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")


def examples() -> list[tuple[str, str]]:
    """Each command of the page with the answer under it: a line after `> `, and what follows."""
    found = []
    for block in BLOCK.findall(DOCS.read_text(encoding="utf-8")):
        for example in re.split(r"^> ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = example.partition("\n")
            found.append((command, answer.strip()))
    return found


async def people(world: World) -> None:
    """Those whom the examples are about."""
    for user_id, name, username in (
        (1001, "Анна", "anna_k"),
        (1002, "Борис", "fox"),
        (1003, "Вера", "fox"),
    ):
        person = world.telegram.add_person(user_id, name, language_code="ru", username=username)
        await ask(world, person, "/start")
        await world.answered()
        if user_id == 1002:
            person.user["username"] = "boris"
            await ask(world, person, "/balance")
            await world.answered()
    anna = world.telegram.person(1001)
    anna.send("рыжая лиса --ar 16:9")
    await world.pictures(anna, 1)
    await world.closed()


def test_every_command_has_its_section() -> None:
    headings = re.findall(r"^### (.+)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    shown = {word for heading in headings for word in re.findall(r"/([a-z_]+)", heading)}
    assert set(load_texts()["ru"].admin_menu()) <= shown


async def test_the_answers_are_what_the_bot_says(world: World) -> None:
    await world.stop()
    world.tune(discovery=(100, 0.001))
    world.kie.limits = None
    await world.start(user_messages_per_minute=1000)
    await people(world)
    admin = world.telegram.person(ADMIN)
    await ask(world, admin, "/start")
    for command, shown in examples():
        said = await ask(world, admin, command)
        assert TIME.sub("TIME", said) == TIME.sub("TIME", shown), command
