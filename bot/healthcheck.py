"""The word of the running bot on its health, and `main.py healthcheck`, which reads it.

It is asked every half a minute for years: without what takes a second to import.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

FILE = "health"  # in DATA_DIR, while a bot runs there
FRESH_S = 60.0  # it is written four times as often
ANSWER_S = 5.0


def note(data_dir: Path, report: Mapping[str, Any]) -> None:
    """Write it down, for who has no port to ask.

    Raises:
        OSError: the disk is full, say.
    """
    new = data_dir / f"{FILE}.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(report, file)
    new.replace(data_dir / FILE)


def forget(data_dir: Path) -> None:
    """No bot runs there any more."""
    (data_dir / FILE).unlink(missing_ok=True)


def check(data_dir: Path) -> list[str]:
    """What is wrong with the bot that runs there; nothing: it is healthy."""
    try:
        written_at = (data_dir / FILE).stat().st_mtime
        report = json.loads((data_dir / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [f"no bot is ready here: there is no {data_dir / FILE}"]
    except (OSError, ValueError) as error:
        return [f"{data_dir / FILE} cannot be read: {error}"]
    age_s = abs(time.time() - written_at)  # a clock that was set back is no sign of life either
    if age_s > FRESH_S:
        return [f"the bot has not said for {age_s:.0f} s how it is"]
    return _ask(*report["listens"]) if report["listens"] else _problems(report)


def _ask(host: str, port: int) -> list[str]:
    """What is wrong, by who listens there."""
    from http.client import HTTPConnection, HTTPException

    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is asked there
    connection = HTTPConnection(here, port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/healthz")
        return _problems(json.load(connection.getresponse()))
    except (OSError, HTTPException, ValueError, KeyError) as error:
        return [f"HTTP_BIND: no answer from {here}:{port}: {error!r}"]
    finally:
        connection.close()


def _problems(report: dict[str, Any]) -> list[str]:
    return [each["said"] for each in report["readings"].values() if not each["ok"]]


def data_dir() -> Path:
    """DATA_DIR, as the settings read it."""
    for given in (os.environ, dotenv_values(".env")):
        for name, value in given.items():
            if name.upper() == "DATA_DIR" and value:
                return Path(value)
    return Path("data")


def main() -> int:
    """Say what is wrong; return the exit status."""
    problems = check(data_dir())
    sys.stdout.write("".join(f"{each}\n" for each in problems or ["healthy"]))
    return 1 if problems else 0
