"""Backups that the bot makes by itself, and the way back after a crash."""

from pathlib import Path

from storage.audit import broken_invariants
from storage.backup_folder import Backup, last_backup
from storage.database import Database
from tests.e2e.test_nothing_lost import environment, process
from tests.processes import Forked, run_main
from tests.support import World, open_world

FUTURE = 4_000_000_000.0


async def command(world: World, folder: Path, *words: str | Path) -> tuple[int, str]:
    """What a command ends with, and what it says."""
    given = environment(world) | {"ADMIN_IDS": "1", "BACKUP_DIR": str(folder)}
    return await Forked(run_main, given, tuple(map(str, words))).ended()


async def last(world: World, folder: Path) -> Backup:
    """The newest backup, when there is one."""
    await world.until(lambda: last_backup(folder, FUTURE) is not None)
    backup = last_backup(folder, FUTURE)
    assert backup is not None
    return backup


async def test_the_bots_own_backup_comes_back_after_a_crash(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "backups"
    async with open_world(tmp_path / "data") as world:
        await world.start()
        anna = await world.customer(tokens=79 * 40)
        await world.stop()
        await world.start(backup_dir=folder)  # it begins with a backup, and writes all the while
        for number in range(8):
            anna.send(f"лиса {number}")
        backup = await last(world, folder)
        await world.until(lambda: len(world.rows("SELECT * FROM items")) == 8)
        await world.kill()
        (world.data_dir / "bot.db").write_bytes(b"\xff" * 9000)
        (world.data_dir / "bot.db-wal").unlink(missing_ok=True)

        status, said = await command(world, folder, "drill")
        assert status == 0, said
        assert f"{backup.path}: 0.0 MB, 0.0 h old." in said
        status, said = await command(world, folder, "restore", backup.path)
        assert status == 0, said
        async with Database.open(world.data_dir / "bot.db") as database:
            assert await broken_invariants(database) == []
        orders = len(world.rows("SELECT * FROM items"))
        assert world.balance(1001) == 79 * (40 - orders)

        await world.start()
        await world.closed()
        status, said = await command(world, folder, "drill")
        assert status == 0, said
        await world.stop()
        assert list(folder.glob("bot-*")) == [backup.path], "it is young enough"


async def test_a_backup_is_made_by_hand_beside_a_bot_at_work(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    async with open_world(tmp_path / "data") as world, process(world):
        anna = world.person(1001, "Анна")
        anna.send("/start")
        await world.said(anna, lambda text: "/help" in text)
        status, said = await command(world, folder, "backup")
        assert status == 0, said
        backup = await last(world, folder)
        assert said.startswith(f"{backup.path}: 0.0 MB.")
        status, said = await command(world, folder, "drill", backup.path)
        assert (status, "People: 1, tokens: 79" in said) == (0, True), said
        backup.path.write_bytes(backup.path.read_bytes()[:-9])
        status, said = await command(world, folder, "drill")
        assert (status, "The drill failed: " in said) == (1, True), said
