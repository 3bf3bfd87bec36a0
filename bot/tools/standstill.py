"""The end of a process whose loops stand still, so that whoever supervises it starts it anew.

A thread looks, because the event loop may be what stands still. It ends the process hard: what is
stuck cannot be asked to stop, and the next start takes up what was torn, as after a crash.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bot.tools.heartbeats import Heartbeats

EXIT_STANDSTILL = 3
DUMP_LIMIT_S = 5.0  # the log may be what stands still
PLACES = 50  # where tasks wait

logger = logging.getLogger(__name__)


class Standstill:
    """`limits_s` are those of the names; `end` is called once, in the thread, with what is wrong.

    Silence is counted by looks and not by the clock: a process that was frozen as a whole, by
    Ctrl-Z or with its machine, has stood still for one look.
    """

    def __init__(
        self,
        heartbeats: Heartbeats,
        limits_s: Mapping[str, float],
        end: Callable[[str], None],
        *,
        pause_s: float,
    ) -> None:
        self._heartbeats = heartbeats
        self._limits_s = limits_s
        self._end = end
        self._pause_s = pause_s
        self._moved_at: dict[str, float | None] = {}
        self._still_s: dict[str, float] = dict.fromkeys(limits_s, 0.0)
        self._over = threading.Event()

    @contextmanager
    def watched(self, last_resort_s: float) -> Iterator[None]:
        """Look as long as this lasts. What keeps every thread of Python's from running ends the
        process after `last_resort_s`, with less to read."""
        thread = threading.Thread(
            target=self._run, args=(last_resort_s,), name="standstill", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _run(self, last_resort_s: float) -> None:
        looked_at = time.monotonic()
        try:
            while not self._over.wait(self._pause_s):
                if sys.stderr is not None:
                    faulthandler.dump_traceback_later(last_resort_s, exit=True)
                now = time.monotonic()
                if said := self.look(now - looked_at):
                    self._end(said)
                    return
                looked_at = now
        finally:
            faulthandler.cancel_dump_traceback_later()

    def look(self, passed_s: float) -> str:
        """What stands still, so long after the last look; nothing: all moves."""
        counted_s = min(passed_s, 2 * self._pause_s)
        for name, limit_s in self._limits_s.items():
            moved_at = self._heartbeats.moved_at(name)
            if moved_at != self._moved_at.get(name) or not self._heartbeats.silent_s(name):
                self._moved_at[name] = moved_at
                self._still_s[name] = 0.0
                continue
            self._still_s[name] += counted_s
            if self._still_s[name] > limit_s:
                return f"{name}: stands still for {self._still_s[name]:.0f} s"
        return ""


def ending(loop: asyncio.AbstractEventLoop) -> Callable[[str], None]:
    """What ends this process, whose tasks are those of `loop`."""

    def end(said: str) -> None:
        guard = threading.Timer(DUMP_LIMIT_S, os._exit, [EXIT_STANDSTILL])
        guard.daemon = True
        guard.start()
        logger.critical("%s: the process ends itself\n%s\n%s", said, _threads(), _tasks(loop))
        logging.shutdown()
        os._exit(EXIT_STANDSTILL)

    return end


def _threads() -> str:
    names = {each.ident: each.name for each in threading.enumerate()}
    frames = sys._current_frames()  # noqa: SLF001 - documented, for debuggers
    return "\n".join(
        f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in frames.items()
        if ident != threading.get_ident()
    )


def _tasks(loop: asyncio.AbstractEventLoop) -> str:
    """Where tasks wait, and how many there each."""
    places: Counter[str] = Counter()
    for task in asyncio.all_tasks(loop):
        name = getattr(task.get_coro(), "__qualname__", "?")
        lines = [frame.f_lineno for frame in task.get_stack(limit=1)]
        places[f"{name}, line {lines[-1] if lines else '?'}"] += 1
    return "\n".join(f"{count} x {place}" for place, count in places.most_common(PLACES))
