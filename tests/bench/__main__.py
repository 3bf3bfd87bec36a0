"""`python -m tests.bench`: every benchmark, a table each, and the numbers as JSON."""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from tests.bench import (
    conversion,
    database,
    flights,
    memory,
    pages,
    start,
    throughput,
    updates,
)
from tests.bench.process import ROOT
from tests.bench.results import machine, table

BENCHMARKS: Mapping[str, ModuleType] = {
    "updates": updates,
    "flights": flights,
    "throughput": throughput,
    "memory": memory,
    "start": start,
    "database": database,
    "conversion": conversion,
}


def main() -> int:
    """Run what is asked for, and write it down."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, metavar="NAME", default=BENCHMARKS)
    parser.add_argument("--quick", action="store_true", help="little of everything, to try it out")
    parser.add_argument("--out", type=Path, default=Path("docs/bench-results.json"))
    parser.add_argument("--before", type=Path, help="earlier results, to be compared with these")
    parser.add_argument("--page", type=Path, help="a document whose marked tables are renewed")
    given = parser.parse_args()
    # Told to end, it takes its processes with it, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # What is not measured now stays as it was.
    old = json.loads(given.out.read_text()) if given.out.exists() else {}
    results = {"machine": machine(), "benchmarks": old.get("benchmarks", {})}
    # Beside the project and not in /tmp, which may be memory: the database waits for a disk.
    with TemporaryDirectory(prefix=".bench-", dir=ROOT) as folder:
        for name in (each for each in BENCHMARKS if each in given.only):
            own = Path(folder) / name
            own.mkdir()
            lines = asyncio.run(_measure(name, own, quick=given.quick))
            results["benchmarks"][name] = {"quick": given.quick, "lines": lines}
            given.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    before = json.loads(given.before.read_text()) if given.before else None
    if before is not None:
        _print(f"\n{pages.comparison(before, results)}")
    if given.page is not None:
        pages.renew(given.page, results, before)
    return 0


async def _measure(name: str, folder: Path, *, quick: bool) -> list[dict[str, Any]]:
    benchmark = BENCHMARKS[name]
    _print(f"\n{benchmark.TITLE} ({name})\n")
    begun = time.monotonic()
    lines = [line.told() for line in await benchmark.measure(folder, quick=quick)]
    _print(f"{table(lines)}\n\n{time.monotonic() - begun:.0f} s")
    return lines


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
