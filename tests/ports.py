"""Ports of loopback, for a program that has to be told beforehand where it is to listen."""

import random
import socket

# Below those that systems give to connections: one that is free now stays so.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """One that nobody listens on."""
    while True:
        port = random.SystemRandom().randint(FIRST, LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
