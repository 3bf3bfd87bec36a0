"""A stand-in for KIE.AI's jobs API, its upload host and its result host, as strict as they are."""

from .callbacks import Sent
from .simulator import KieSimulator
from .state import Call, Failure, KieLimits, Task
from .switches import Callbacks, Fault

__all__ = ["Call", "Callbacks", "Failure", "Fault", "KieLimits", "KieSimulator", "Sent", "Task"]
