"""Sending commands and waiting for their answers."""

from bot.demo.telegram import Message, Person
from tests.support import World


async def ask(world: World, person: Person, text: str) -> str:
    """Send a text and get the words of the next thing that the bot says in that chat."""
    return (await answer(world, person, text)).words


async def answer(world: World, person: Person, text: str) -> Message:
    """Send a text and get the next message of the bot's in that chat."""
    sent = person.send(text)
    return await world.telegram.wait_for(
        lambda: next((m for m in world.bot_messages(person) if m.message_id > sent), None)
    )


def journal(world: World) -> list[tuple[int, str, str, str, str]]:
    """Who, what, of what, before, after; grants left out, which fill purses here."""
    return [
        (row["admin_id"], row["action"], row["subject"], row["before"], row["after"])
        for row in world.rows("SELECT * FROM journal WHERE action <> 'grant' ORDER BY entry_id")
    ]
