"""The tables in docs/performance.md, which are made of results, and the comparison of two runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.results import table

Results = Mapping[str, Any]
END = "<!-- bench: end -->"

# What is compared: a benchmark, what its case holds, and the names of values.
HEADLINES: tuple[tuple[str, Mapping[str, object], tuple[str, ...]], ...] = (
    (
        "updates",
        {"message": "prompt", "limits": "lifted", "telegram ms": 50, "people": 100},
        ("handled_per_s", "charged_p99_ms", "answer_p99_ms", "cpu_each_ms"),
    ),
    (
        "updates",
        {"message": "prompt", "limits": "in force", "telegram ms": 50, "people": 100},
        ("handled_per_s", "charged_p99_ms"),
    ),
    (
        "updates",
        {"message": "/balance", "limits": "lifted", "telegram ms": 50, "people": 100},
        ("handled_per_s", "answer_p99_ms", "cpu_each_ms"),
    ),
    ("flights", {"in flight": 20, "callbacks": "off"}, ("found_p50_s", "ratio", "chat_p50_s")),
    ("flights", {"in flight": 120, "callbacks": "off"}, ("found_p50_s", "ratio", "chat_p50_s")),
    ("flights", {"in flight": 120, "callbacks": "on"}, ("found_p50_s", "chat_p50_s")),
    ("throughput", {"limits": "in force", "asked per s": 2.0}, ("queue_end", "core_pct")),
    ("throughput", {"limits": "lifted"}, ("delivered_per_s", "cpu_each_ms")),
    ("memory", {"queued": 0}, ("pss_MB",)),
    ("memory", {"queued": 10_000}, ("each_kB",)),
    ("start", {"what": "to getUpdates"}, ("seconds", "cpu_s")),
    ("database", {"what": "charges"}, ("times_per_s",)),
    ("database", {"what": "/history", "images": 1_000_000}, ("p50_ms",)),
    ("database", {"what": "/stats", "images": 1_000_000}, ("p50_ms",)),
)


def comparison(before: Results, after: Results) -> str:
    """The headlines of two runs, as a table; what one of them does not have is left out."""
    rows = [("what", "before", "after", "after/before")]
    for name, part, values in HEADLINES:
        earlier = {str(line["case"]): line["values"] for line in _lines(before, name)}
        for line in _lines(after, name):
            if not part.items() <= line["case"].items():
                continue
            for value in values:
                old = earlier.get(str(line["case"]), {}).get(value)
                new = line["values"].get(value)
                if old and new:
                    rows.append(_compared(name, line["case"], value, old, new))
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---|---|---|---|", *body])


def _compared(
    name: str,
    case: Mapping[str, object],
    value: str,
    old: Mapping[str, float],
    new: Mapping[str, float],
) -> tuple[str, str, str, str]:
    where = ", ".join(f"{key} {each}" for key, each in case.items())
    ratio = f"{new['median'] / old['median']:.2f}" if old["median"] else ""
    return f"{name}: {where}: {value}", f"{old['median']:g}", f"{new['median']:g}", ratio


def _lines(results: Results, name: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = results["benchmarks"].get(name, {}).get("lines", [])
    return lines


def renew(page: Path, results: Results, before: Results | None) -> None:
    """Put the tables of these results between the marks of a document."""
    made = {"machine": ", ".join(f"{key} {each}" for key, each in results["machine"].items())}
    made |= {name: table(each["lines"]) for name, each in results["benchmarks"].items()}
    if before is not None:
        made["before and after"] = comparison(before, results)
    text = page.read_text(encoding="utf-8")
    for name, words in made.items():
        mark = f"<!-- bench: {name} -->\n"
        begin, _, rest = text.partition(mark)
        _, ends, rest = rest.partition(END)
        if ends:
            text = f"{begin}{mark}\n{words}\n\n{END}{rest}"
    page.write_text(text, encoding="utf-8")
