"""`main.py backup` and `main.py restore` around a bot that is killed, as an operator does it."""

from pathlib import Path

from storage.restore import RESTORED
from tests.e2e.test_nothing_lost import environment, process
from tests.processes import Forked, run_main
from tests.support import World, open_world


async def command(world: World, *words: str | Path) -> tuple[int, str]:
    """What a command ends with, and what it says."""
    given = environment(world) | {"ADMIN_IDS": "1"}
    return await Forked(run_main, given, tuple(map(str, words))).ended()


async def test_a_backup_comes_back_after_a_kill(tmp_path: Path) -> None:
    backup = tmp_path / "monday.tar"
    async with open_world(tmp_path / "data") as world:
        database = world.data_dir / "bot.db"
        anna = world.person(1001, "Анна")
        async with process(world) as bot:
            anna.send("/start")
            await world.said(anna, lambda text: "/help" in text)
            anna.send("рыжая лиса в снегу")
            (picture,) = await world.pictures(anna, 1)
            await world.closed()
            status, said = await command(world, "backup", backup, "--files")
            assert (status, "are not in it" in said) == (0, False), said
            before = world.rows("SELECT * FROM ledger")
            await world.write("UPDATE users SET language = 'en'")
            status, said = await command(world, "restore", backup)
            assert status == 1
            assert "another process of this bot already uses" in said
            assert "Nothing was changed." in said
            bot.kill()
            await bot.ended()
        assert database.with_name("bot.db-wal").stat().st_size > 0, "what a kill leaves"
        (key,) = [row["file_key"] for row in world.rows("SELECT file_key FROM items")]
        (world.data_dir / "files" / key).unlink()

        status, said = await command(world, "restore", backup)

        assert status == 0, said
        assert "People: 1, tokens: 0, images: 1 delivered; newest entry of the ledger: 2" in said
        assert "Pictures on disk: 1." in said
        assert "The old database is now" in said
        assert not database.with_name("bot.db-wal").exists()
        assert world.rows("SELECT * FROM ledger") == before
        assert world.rows("SELECT language FROM users") == [{"language": "ru"}]
        assert (world.data_dir / "files" / key).read_bytes() == world.data(picture)
        status, said = await command(world, "doctor")
        assert "ok      money: every balance, charge and refund agrees" in said
        await world.start()
        anna.send("/balance")
        await world.said(anna, lambda text: "0 токенов осталось" in text)


async def test_a_start_ends_what_a_restore_began(tmp_path: Path) -> None:
    async with open_world(tmp_path / "data") as world:
        await world.start()
        await world.customer(tokens=500)
        await command(world, "backup", tmp_path / "monday.db")
        world.telegram.person(1).send("/grant 1001 7")
        await world.until(lambda: world.balance(1001) == 507)
        await world.stop()
        (tmp_path / "monday.db").rename(world.data_dir / RESTORED)  # killed here
        _, said = await command(world, "doctor")
        assert (
            "PROBLEM database, a restore was interrupted: start the bot, or restore again" in said
        )
        await world.start()
        await world.until(lambda: not (world.data_dir / RESTORED).exists())
        assert world.balance(1001) == 500
        (aside,) = world.data_dir.glob("bot-*.db")
        assert aside.stat().st_size > 0
