"""The command line, and the signals that stop the bot.

python main.py              the bot, with the settings of the environment and .env
python main.py run          the same
python main.py doctor       what is wrong with the settings, the data or the services, a line each
python main.py backup       a consistent copy of the database, while the bot runs: in BACKUP_DIR,
                            compressed, in exchange for old ones; with FILE in that file
python main.py restore FILE such a copy put in place of the database, while the bot is stopped
python main.py drill        whether the newest backup (or FILE) can be restored; changes nothing
python main.py healthcheck  whether the bot that runs here is well, by the exit status (0 or 1)
python main.py adopt        hand DATA_DIR over to the bot of BOT_TOKEN, from another one
python main.py demo         the bot against stand-ins of Telegram and KIE, without any account
python main.py chat         the same, on a page where you talk to it yourself
"""

import sys

from bot import healthcheck

if __name__ == "__main__" and sys.argv[1:] == ["healthcheck"]:
    sys.exit(healthcheck.main())  # before the imports, which take a second: it is asked often

# isort: split
import argparse
import asyncio
import faulthandler
import logging
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import bot.telegram.aiogram_patches  # noqa: F401 - before aiogram

# isort: split
from pydantic import ValidationError

from bot.admin.commands import adopt_data, back_up_data, drill, restore_data
from bot.admin.doctor import examine
from bot.app import serve
from bot.logs import set_up_logging
from bot.settings import Settings, explain, load_settings, outside_volume
from bot.telegram.session import TokenRefusedError, greet
from bot.tools.standstill import ending
from bot.web.server import ListenError
from storage.errors import StorageError
from storage.private import keep_private

logger = logging.getLogger("main")

EXIT_SETTINGS = 2
EXIT_PROBLEM = 2  # make ends with 2 whatever its recipe ends with: so it is the same through make
# A stop is over after so long, whatever it waits for: the database held by another program, an
# answer that does not come. Ten seconds are promised, on a busy machine as well. The next start
# takes up what was torn, as after a crash.
STOP_LIMIT_S = 6.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    given = _parser().parse_args(arguments)
    keep_private()
    if given.command in {"demo", "chat"}:
        return _without_accounts(given.command)
    if given.command == "healthcheck":
        return healthcheck.main()
    try:
        settings = load_settings()
    except ValidationError as error:
        return _refuse("\n".join(explain(error)), EXIT_SETTINGS)
    except UnicodeDecodeError:
        return _refuse(".env: it must be a text file in UTF-8", EXIT_SETTINGS)
    try:
        match given.command:
            case "doctor":
                set_up_logging("ERROR", settings.log_format, settings.secrets)
                return asyncio.run(_doctor(settings))
            case "backup":
                print(back_up_data(settings, given.file, files=given.files))
            case "restore":
                print(restore_data(settings, given.file, anyway=given.anyway))
            case "drill":
                print(drill(settings, given.file, time.time()))
            case "adopt":
                print(adopt_data(settings))
            case _:
                if (why := outside_volume(settings)) is not None:
                    return _refuse(why, EXIT_SETTINGS)
                set_up_logging(settings.log_level, settings.log_format, settings.secrets)
                return asyncio.run(_run(settings))
    except StorageError as error:
        return _refuse(str(error), 1)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py", description="A Telegram bot that sells pictures."
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="start the bot, as without a command")
    commands.add_parser("doctor", help="check settings, data and services, one line each")
    backup = commands.add_parser("backup", help="copy the database while the bot runs")
    backup.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="the file to write; must not exist yet. Without it, one in BACKUP_DIR, compressed",
    )
    backup.add_argument(
        "--files", action="store_true", help="with the pictures on disk, as a tar archive"
    )
    restore = commands.add_parser("restore", help="replace the database with a backup")
    restore.add_argument("file", type=Path, help="a file written by backup")
    restore.add_argument(
        "--anyway", action="store_true", help="even if it breaks the rules of money and items"
    )
    rehearsal = commands.add_parser(
        "drill", help="restore a backup into a temporary folder and look"
    )
    rehearsal.add_argument(
        "file", type=Path, nargs="?", help="a backup; without it, the newest in BACKUP_DIR"
    )
    commands.add_parser("healthcheck", help="end with 0 if the bot that runs here is well, else 1")
    commands.add_parser("adopt", help="hand DATA_DIR over to the bot of BOT_TOKEN")
    commands.add_parser("demo", help="watch the bot work without any account")
    commands.add_parser("chat", help="talk to the bot in the browser without any account")
    return parser


def _refuse(why: str, status: int) -> int:
    print(why, file=sys.stderr)
    return status


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    _listen_to_signals(stop)
    faulthandler.enable()  # what crashes in a library says where
    try:
        await greet(settings)
    except TokenRefusedError as error:
        return _refuse(str(error), EXIT_SETTINGS)
    status = 0
    try:
        await serve(settings, stop, end=ending(asyncio.get_running_loop()))
    except* (StorageError, ListenError) as group:
        for each in group.exceptions:
            logger.critical("%s", each)
        status = 1
    return status


async def _doctor(settings: Settings) -> int:
    status = 0
    async with aclosing(examine(settings)) as findings:
        async for finding in findings:
            print(finding, flush=True)
            if not finding.ok:
                status = EXIT_PROBLEM
    return status


def _without_accounts(command: str) -> int:
    from bot.demo import stage  # here: the real bot has no use for the stand-ins

    async def run(values: Mapping[str, Any], stop: asyncio.Event) -> None:
        await serve(Settings(_env_file=None, **values), stop)

    async def chat() -> None:
        stop = asyncio.Event()
        _listen_to_signals(stop)
        await stage.chat(run, partial(print, flush=True), stop)

    set_up_logging("WARNING", "text", [])
    try:
        if command == "demo":
            return 0 if asyncio.run(stage.demo(run, print)) else 1
    except ValueError as error:
        return _refuse(f"PROMPT or IMAGE: {error}", EXIT_SETTINGS)
    asyncio.run(chat())
    return 0


def _listen_to_signals(stop: asyncio.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _on_signal, stop)


def _on_signal(stop: asyncio.Event) -> None:
    if stop.is_set():  # the second signal means now
        os._exit(1)
    stop.set()
    # A thread: the loop itself may be what is waited for.
    watchdog = threading.Timer(STOP_LIMIT_S, _give_up)
    watchdog.daemon = True
    watchdog.start()


def _give_up() -> None:
    logger.warning("stopping takes too long: unfinished work resumes at the next start")
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
