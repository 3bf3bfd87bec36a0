"""Work on files that somebody else made, in a process of its own with limits.

Whatever a hostile or broken file does to a decoder, it is that process's memory and that process's
death, and the event loop hears only how it ended.
"""

import resource
import sys
from pathlib import Path

MAX_MEMORY_BYTES = 1536 * 1024 * 1024  # address space of the process
TIMEOUT_S = 60.0

PROJECT = Path(__file__).parents[2]


async def run_isolated(module: str, *arguments: str, timeout_s: float) -> tuple[int, bytes]:
    """Run `python -m module`; its exit code, and what it wrote to standard output.

    Raises:
        TimeoutError: it took too long, and was killed.
    """
    import asyncio  # here: the process itself begins with this module, and is quicker without

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": str(PROJECT)},  # and no secrets
    )
    try:
        async with asyncio.timeout(timeout_s):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None  # noqa: S101 - it has ended
    return process.returncode, said


def limit_memory() -> None:
    """What the process begins with, before it looks at the file."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
