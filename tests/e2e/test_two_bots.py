"""Two bots and one folder: the second is refused, until it is given the data on purpose."""

from pathlib import Path

import pytest

from bot.admin.doctor import check_database
from bot.demo.telegram import TelegramEmulator
from storage.backup import back_up
from storage.errors import ForeignDataError
from storage.owner import ADVICE
from storage.restore import RESTORED
from tests.e2e.test_nothing_lost import environment
from tests.processes import Forked, run_main
from tests.support import ADMIN, World

OTHER = "654321:TEST-other"


async def adopt(world: World, token: str) -> tuple[int, str]:
    """The exit status of `main.py adopt` and what it said."""
    given = {**environment(world), "BOT_TOKEN": token}
    return await Forked(run_main, given, ("adopt",)).ended()


async def test_another_bot_is_refused_and_then_given_the_data(world: World) -> None:
    anna = await world.customer(tokens=1000)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    status, said = await adopt(world, OTHER)
    assert (status, "stop it first" in said) == (1, True), said
    await world.stop()
    async with TelegramEmulator.start(OTHER) as other:
        mine, world.telegram = world.telegram, other
        await world.start()
        with pytest.raises(ForeignDataError, match=r"belongs to bot 123456 .* main\.py adopt"):
            await world.stop()
        assert world.rows("SELECT bot_id FROM owner") == [{"bot_id": 123456}]
        findings = await check_database(world.data_dir / "bot.db", world.settings.bot_id)
        (wrong,) = [each for each in findings if not each.ok]
        assert "belongs to bot 123456" in str(wrong)
        assert str(wrong).endswith(ADVICE)
        status, said = await adopt(world, OTHER)
        assert (status, "was bot 123456's and is bot 654321's now" in said) == (0, True), said
        other.add_person(ADMIN, "Админ", language_code="ru", started=True)
        await world.start()
        # The same chats and numbers of messages as those of the first bot: nothing is swallowed.
        anna = await world.customer(tokens=1000)
        anna.send("пёс")
        await world.pictures(anna, 1)
        await world.closed()
        await world.stop()
        world.telegram = mine
    jobs = world.rows("SELECT bot_id, chat_id, message_id FROM jobs ORDER BY job_id")
    assert [job["bot_id"] for job in jobs] == [123456, 654321]
    assert len({(job["chat_id"], job["message_id"]) for job in jobs}) == 1
    grants = world.rows("SELECT grant_key, amount FROM ledger WHERE kind = 'grant'")
    assert [grant["grant_key"].partition(":")[0] for grant in grants] == ["123456", "654321"]
    assert len({grant["grant_key"].partition(":")[2] for grant in grants}) == 1
    assert world.balance(1001) == 1000 - 79
    world._bot = None  # noqa: SLF001 - stopped above


async def test_data_that_a_broken_off_restore_left_are_handed_over_too(
    world: World, tmp_path: Path
) -> None:
    """Else the next start would put them back in place, as those of the former bot."""
    await world.customer(tokens=1000)
    await world.stop()
    await back_up(world.data_dir / "bot.db", tmp_path / "backup.db")
    (tmp_path / "backup.db").rename(world.data_dir / RESTORED)  # as a kill leaves it
    status, said = await adopt(world, OTHER)
    assert (status, "is bot 654321's now" in said) == (0, True), said
    assert not (world.data_dir / RESTORED).exists()
    assert world.rows("SELECT bot_id FROM owner") == [{"bot_id": 654321}]
