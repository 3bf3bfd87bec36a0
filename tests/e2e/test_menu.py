"""The command menu follows the language that a person chose, over HTTP."""

import logging
from typing import Any

import pytest

from bot.demo.telegram import Message, Person
from tests.e2e.test_settings_card import card, forged, pressed
from tests.support import ADMIN, World

pytestmark = pytest.mark.usefixtures("menus")


def own_menu(world: World, person: Person, language: str = "") -> dict[str, str]:
    """The menu of the person's own chat; empty where it has none."""
    commands = world.telegram.commands.get((f"chat:{person.user_id}", language), [])
    return {each["command"]: each["description"] for each in commands}


def calls(world: World, person: Person) -> list[tuple[str, bool]]:
    """What was asked of Telegram about that menu, and whether it went well."""
    scope = {"type": "chat", "chat_id": person.user_id}
    return [
        (call.method, call.ok)
        for call in world.telegram.calls
        if call.method in {"setMyCommands", "deleteMyCommands"}
        and call.params.get("scope") == scope
    ]


async def speak(world: World, person: Person, message: Message, language: str) -> None:
    await pressed(world, person, message, "set:lang")
    await world.telegram.wait_for(lambda: len(message.buttons) == 4)
    await pressed(world, person, message, f"set:lang:{language}")
    await world.telegram.wait_for(lambda: len(message.buttons) > 4)


async def test_the_menu_follows_the_language_and_is_set_once(world: World) -> None:
    anna = await world.customer()
    assert calls(world, anna) == []
    message = await card(world, anna)
    await speak(world, anna, message, "en")
    await world.telegram.wait_for(lambda: own_menu(world, anna).get("balance") == "my balance")
    await speak(world, anna, message, "en")  # the same again
    update = world.telegram.callbacks[-1]
    await forged(world, anna, message, update.data)
    await world.answered()
    assert calls(world, anna) == [("setMyCommands", True)]
    await speak(world, anna, message, "ru")
    await world.telegram.wait_for(lambda: own_menu(world, anna).get("balance") == "мои токены")
    await speak(world, anna, message, "-")  # as in Telegram: nothing of one's own
    await world.telegram.wait_for(lambda: not own_menu(world, anna))
    assert calls(world, anna) == [("setMyCommands", True)] * 2 + [("deleteMyCommands", True)]


@pytest.mark.parametrize("fault", [{"status": 500}, {"retry_after": 5}, {"html": 502}])
async def test_a_failure_is_harmless_and_tried_again_at_the_next_change(
    world: World, fault: dict[str, Any]
) -> None:
    anna = await world.customer()
    message = await card(world, anna)
    world.telegram.fault("setMyCommands", **fault)
    await speak(world, anna, message, "en")
    await world.telegram.wait_for(lambda: calls(world, anna) == [("setMyCommands", False)])
    assert message.words.startswith("Settings")
    await speak(world, anna, message, "ru")
    await world.telegram.wait_for(lambda: own_menu(world, anna).get("balance") == "мои токены")


async def test_start_brings_the_menu_of_an_earlier_version_up_to_date(world: World) -> None:
    anna = await world.customer()
    message = await card(world, anna)
    await speak(world, anna, message, "en")
    await world.telegram.wait_for(lambda: own_menu(world, anna))
    del world.telegram.commands[f"chat:{anna.user_id}", ""]
    anna.send("/start")
    await world.telegram.wait_for(lambda: own_menu(world, anna).get("balance") == "my balance")


async def test_an_admin_keeps_the_admins_commands(world: World) -> None:
    admin = world.telegram.person(ADMIN)
    message = await card(world, admin)
    await speak(world, admin, message, "en")
    await world.telegram.wait_for(
        lambda: own_menu(world, admin, "ru").get("grant") == "give or take tokens: USER TOKENS"
    )
    await world.telegram.wait_for(lambda: own_menu(world, admin).get("balance") == "my balance")
    await world.stop()
    world.telegram.commands.clear()
    await world.start()  # and after a restart
    await world.telegram.wait_for(lambda: own_menu(world, admin, "ru"))
    assert own_menu(world, admin, "ru")["balance"] == "my balance"


async def test_who_is_forgotten_has_no_menu_of_their_own(world: World) -> None:
    anna = await world.customer()
    message = await card(world, anna)
    await speak(world, anna, message, "en")
    await world.telegram.wait_for(lambda: own_menu(world, anna))
    anna.send("/delete_me")
    question = await world.said(anna, lambda text: text.startswith("Delete everything"))
    await pressed(world, anna, question, "Delete everything")
    await world.telegram.wait_for(lambda: not own_menu(world, anna))


async def test_an_admin_unknown_to_telegram_is_no_trouble_and_gets_the_menu_with_the_first_words(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await world.stop()
    boris = world.person(1002, "Борис")
    await world.start(admin_ids=frozenset({1002}))
    await world.telegram.wait_for(lambda: calls(world, boris) == [("setMyCommands", False)])
    await world.until(lambda: "the menu of 1002 will be set when they write" in caplog.text)
    assert [each for each in caplog.records if each.levelno > logging.INFO] == []
    boris.send("кот")
    await world.telegram.wait_for(lambda: "grant" in own_menu(world, boris, "ru"))
    boris.send("лес")
    await world.answered()
    assert sum(ok for _, ok in calls(world, boris)) == 3, (
        "in two languages and for all others, once"
    )
