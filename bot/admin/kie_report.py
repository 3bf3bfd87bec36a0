"""What is told of the KIE account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from providers.kie import Trouble


@dataclass(frozen=True, slots=True)
class Report:
    """The account as KIE and this process see it. `calls` are of the last minute, by path."""

    credit: float | None  # None: KIE did not say
    low: float
    calls: Mapping[str, int]
    troubles: Sequence[Trouble]  # the latest first
