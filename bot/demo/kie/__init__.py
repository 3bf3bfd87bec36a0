"""A stand-in for KIE.AI's jobs API, its upload host and its result host, as strict as they are."""

from bot.demo.base import Call

from .callbacks import Callbacks, Sent
from .simulator import KieSimulator
from .state import KieLimits, Result, Task, Window

__all__ = ["Call", "Callbacks", "KieLimits", "KieSimulator", "Result", "Sent", "Task", "Window"]
