"""Processes for tests, forked from one that has imported the bot: a second sooner than anew."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import main

ROOT = Path(__file__).parents[1]
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["tests.preloaded"])


class Forked:
    """A process that calls `work`, and ends with what that returns. Await `ended` in the end."""

    def __init__(self, work: Callable[..., int], *given: Any) -> None:
        out, name = mkstemp()
        os.close(out)
        self._out, self._said = Path(name), ""
        self._process = FORKS.Process(target=_begin, args=(self._out, work, *given))
        self._process.start()
        self.kill, self.terminate = self._process.kill, self._process.terminate

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self._out.read_text() if self._out.exists() else self._said

    async def ended(self) -> tuple[int, str]:
        """What it ended with (negative is a signal), and what it said on both streams."""
        while (status := self._process.exitcode) is None:  # noqa: ASYNC110 - it rings no bell
            await asyncio.sleep(0.01)
        if self._out.exists():
            self._said = self._out.read_text()
            self._out.unlink()
        return status, self._said


def _begin(out: Path, work: Callable[..., int], *given: Any) -> None:
    with out.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    sys.exit(work(*given))


def run_main(environment: Mapping[str, str], words: tuple[str, ...], umask: int = 0o022) -> int:
    """`python main.py` with these words, where there is nothing but this environment."""
    os.environ.clear()
    os.environ.update(environment)
    os.umask(umask)
    os.chdir(ROOT)
    return main.main(words)
