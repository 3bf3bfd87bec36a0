"""What systemd is told: that the bot is ready, that it moves, how it is, and that it stops.

This is sd_notify(3), a line each to the socket that systemd names; elsewhere there is none.
"""

import logging
import os
import socket
from collections.abc import Mapping

logger = logging.getLogger(__name__)


class Systemd:
    """Who started the bot, if that was systemd.

    Attributes:
        is_watching: whether it ends the bot, and starts it anew, when it is told nothing.
        watchdog_s: after so long.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A name that begins with @ is none of a file: its first byte is 0.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        limit_us = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
        self.watchdog_s = int(limit_us) / 1e6 if limit_us.isdecimal() and meant else 0.0
        self.is_watching = bool(self._address) and self.watchdog_s > 0

    def tell(self, **said: str) -> None:
        """Tell it, as `READY="1"`."""
        if not self._address:
            return
        message = "\n".join(f"{name}={value}" for name, value in said.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.setblocking(False)
                out.sendto(message.encode(), self._address)
        except OSError as error:
            logger.warning("systemd could not be told %s: %s", ", ".join(said), error)
