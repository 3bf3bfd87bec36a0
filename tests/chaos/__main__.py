"""`python -m tests.chaos`: rounds of chaos, a line each, and what went wrong in full."""

import argparse
import asyncio
import logging
import random
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.rounds import NORMAL, Report, Round, Size


async def run(
    numbers: Iterable[int],
    seed: int,
    folder: Path,
    size: Size = NORMAL,
    *,
    at_once: int = 1,
    by_webhook: bool | None = None,
) -> list[Report]:
    """Play the rounds of these numbers, some beside each other, and print what came of them.
    Unless `by_webhook` says so of all, every second one has a webhook."""
    # The emulators' server tells of each client that was killed while it was served.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    turns = asyncio.Semaphore(at_once)

    async def play(number: int) -> Report:
        async with turns:
            has_webhook = number % 2 == 0 if by_webhook is None else by_webhook
            report = await Round(seed, number, size, folder, by_webhook=has_webhook).run()
        _print(str(report))
        if report.complaints:
            way = "--webhook" if has_webhook else "--no-webhook"
            _print(f"{report.story}\n\nonce more: --seed {seed} --only {number} {way}")
        return report

    return await asyncio.gather(*map(play, numbers))


def main() -> int:
    """The exit status is 1 if a round failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--only", type=int, help="this round of the seed and no other")
    parser.add_argument(
        "--webhook",
        action=argparse.BooleanOptionalAction,
        help="all rounds with one, or none; else every second",
    )
    parser.add_argument("--at-once", type=int, default=1, help="rounds beside each other")
    parser.add_argument("--folder", type=Path, help="an empty one, to keep databases and logs in")
    given = parser.parse_args()
    # Told to end, it takes its bots with it, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _print(f"seed {given.seed}")
    numbers = range(1, given.rounds + 1) if given.only is None else [given.only]
    with TemporaryDirectory(prefix="midjourney-bot-chaos-") as temporary:
        folder = given.folder or Path(temporary)
        reports = asyncio.run(
            run(
                numbers,
                given.seed,
                folder,
                at_once=given.at_once,
                by_webhook=given.webhook,
            )
        )
    failed = [report.number for report in reports if report.complaints]
    _print(
        f"{len(reports)} rounds, {sum(r.kills for r in reports)} kills,"
        f" {sum(r.stops for r in reports)} stops, {sum(r.items for r in reports)} items,"
        f" {sum(r.faults for r in reports)} faults met; failed: {failed or 'none'}"
    )
    return bool(failed)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
