"""What was measured: lines of named values, each measured several times, and tables of them."""

import platform
import sqlite3
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import cpu_count
from typing import Any

Case = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Line:
    """One case, and what each run of it came to, by the name (with the unit) of the value."""

    case: Case
    values: Mapping[str, Sequence[float]]

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "case": dict(self.case),
            "values": {
                name: {
                    "median": _rounded(statistics.median(runs)),
                    "min": _rounded(min(runs)),
                    "max": _rounded(max(runs)),
                    "runs": len(runs),
                }
                for name, runs in self.values.items()
                if runs
            },
        }


@dataclass
class Runs:
    """Collects the values of cases, run by run."""

    _cases: dict[tuple[tuple[str, str | int | float], ...], dict[str, list[float]]] = field(
        default_factory=dict
    )

    def add(self, case: Case, **values: float) -> None:
        """One run of a case. `_per_` reads as / and `_pct` as % in tables."""
        noted = self._cases.setdefault(tuple(case.items()), {})
        for name, value in values.items():
            noted.setdefault(name, []).append(value)

    def lines(self) -> list[Line]:
        """Each case with all its runs, in the order in which they came first."""
        return [Line(dict(case), values) for case, values in self._cases.items()]


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    place = max(-(-len(ordered) * percent // 100), 1)
    return ordered[int(place) - 1]


def machine() -> dict[str, Any]:
    """What the numbers depend on; nothing that tells whose machine it is."""
    return {
        "cores": cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def table(lines: Sequence[Mapping[str, Any]]) -> str:
    """Lines as `told`, as a Markdown table: medians, with the least and the most in brackets."""
    cases = list(dict.fromkeys(name for line in lines for name in line["case"]))
    values = list(dict.fromkeys(name for line in lines for name in line["values"]))
    rows = [[_label(each) for each in (*cases, *values)]]
    for line in lines:
        cells = [str(line["case"].get(name, "")) for name in cases]
        rows.append(cells + [_cell(line["values"].get(name)) for name in values])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    head, *body = (
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )
    return "\n".join([head, "|" + "|".join("-" * (width + 2) for width in widths) + "|", *body])


def _label(name: str) -> str:
    words = name.replace("_per_", "/").replace("_pct", " %").replace("_", " ")
    quantity, _, unit = words.rpartition(" ")
    return f"{quantity}, {unit}" if quantity and unit in {"s", "ms", "kB", "MB", "%"} else words


def _cell(value: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    median, least, most = (_short(value[each]) for each in ("median", "min", "max"))
    return median if least == most else f"{median} ({least}..{most})"


def _rounded(value: float) -> float:
    """Four digits that count: no more was measured."""
    return float(f"{value:.4g}")


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
