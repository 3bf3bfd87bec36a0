"""Charts as PNG: described in Vega-Lite, rendered by vl-convert in a process of its own.

Rendering takes about a second and a hundred megabytes. In a process of its own it neither blocks
the bot's event loop nor keeps the memory (decision 0012).
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.texts.numbers import ChartWords
from storage.stats import Day

DRAW_S = 30.0  # a small machine under load; usually it takes a second
WEEKLY_FROM = 70  # days from which a bar is a week: more bars are too thin for a phone
LABELS = 6  # under an axis
SCALE = 1.6
WIDTH_PX = 720  # of the plot, before scaling; letters are sized for a phone that shows it whole
LOCALES = {"en": "en-US", "ru": "ru-RU"}
FONT = "Liberation Sans"  # vl-convert brings it: the machine needs no fonts

INK, FAINT, GRID = "#1f2933", "#616e7c", "#e4e7eb"
CAME, DID_NOT, PEOPLE = "#0f9d8a", "#e5484d", "#5b5bd6"
STARS, SOLD, USED, GIVEN = "#e5a50a", "#e5a50a", "#0f9d8a", "#9aa5b1"

# -I: nothing of the surroundings is imported in the place of a library.
_PROGRAM = """
import json, sys
import vl_convert
given = json.load(sys.stdin)
sys.stdout.buffer.write(vl_convert.vegalite_to_png(
    given["spec"], scale=given["scale"], format_locale=given["locale"],
    time_format_locale=given["locale"]))
"""


class ChartError(Exception):
    """The chart could not be drawn; what it shows is known all the same."""


async def draw(spec: dict[str, Any], language: str) -> bytes:
    """The picture of a Vega-Lite chart, as PNG.

    Raises:
        ChartError: the process failed, or took too long.
    """
    given = {"spec": spec, "scale": SCALE, "locale": LOCALES.get(language, "en-US")}
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            _PROGRAM,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise ChartError(f"no process: {error}") from error
    try:
        async with asyncio.timeout(DRAW_S):
            png, said = await process.communicate(json.dumps(given).encode())
    except TimeoutError as error:
        raise ChartError(f"not drawn within {DRAW_S:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not png:
        raise ChartError(said.decode(errors="replace").strip()[-500:])
    return png


def stats_chart(days: Sequence[Day], words: ChartWords) -> dict[str, Any]:
    """Pictures as bars, below them the people who asked, the tokens, and the Stars if any moved,
    over the same days or weeks."""
    weekly = len(days) >= WEEKLY_FROM
    spans = _weeks(days) if weekly else [[day] for day in days]
    names = [_date(span[0]) for span in spans]
    x = {"field": "day", "type": "ordinal", "sort": None, "axis": _days_axis(names, weekly=weekly)}

    def series(*named: tuple[str, Callable[[Day], int]]) -> list[dict[str, Any]]:
        return [
            {"day": name, "what": what, "n": sum(map(count, span)), "above": len(named) - number}
            for name, span in zip(names, spans, strict=True)
            for number, (what, count) in enumerate(named, 1)
        ]

    items = series((words.came, lambda day: day.delivered), (words.did_not, lambda day: day.failed))
    # People of several days cannot be added up: many are the same.
    people = [
        {"day": name, "n": sum(day.people for day in span) / len(span)}
        for name, span in zip(names, spans, strict=True)
    ]
    tokens = series(
        (words.sold, lambda day: day.tokens_sold),
        (words.used, lambda day: day.tokens_used),
        (words.given, lambda day: day.tokens_given),
    )
    stars = series(
        (words.came_in, lambda day: day.stars_in), (words.went_back, lambda day: day.stars_back)
    )
    bars = {
        **_plot(words.pictures_weekly if weekly else words.pictures, 300, items, x),
        "mark": {"type": "bar"},
    }
    bars["encoding"] |= _colors((words.came, CAME), (words.did_not, DID_NOT))
    bars["encoding"]["order"] = {"field": "above"}
    line = {
        **_plot(words.people, 190, people, x),
        "mark": {
            "type": "area",
            "interpolate": "monotone",
            "line": {"color": PEOPLE, "strokeWidth": 3.5},
            "color": {
                "x1": 0,
                "y1": 0,
                "x2": 0,
                "y2": 1,
                "gradient": "linear",
                "stops": [
                    {"offset": 0, "color": PEOPLE + "59"},
                    {"offset": 1, "color": PEOPLE + "0a"},
                ],
            },
        },
    }
    lines = {
        **_plot(words.tokens_weekly if weekly else words.tokens, 190, tokens, x),
        "mark": {"type": "line", "strokeWidth": 3.5},
    }
    lines["encoding"] |= _colors((words.sold, SOLD), (words.used, USED), (words.given, GIVEN))
    plots = [bars, line, lines]
    if any(each["n"] for each in stars):
        sums = {
            **_plot(words.stars_weekly if weekly else words.stars, 190, stars, x),
            "mark": {"type": "bar"},
        }
        sums["encoding"] |= _colors((words.came_in, STARS), (words.went_back, DID_NOT))
        sums["encoding"]["xOffset"] = {"field": "what", "sort": None}  # what went back had come in
        plots.append(sums)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "padding": 28,
        "spacing": 34,
        "vconcat": plots,
        "resolve": {
            "scale": {"x": "independent", "color": "independent"},
            "legend": {"color": "independent"},
        },
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "scale": {"bandPaddingInner": 0.2, "bandPaddingOuter": 0.1},
            "title": {
                "anchor": "start", "fontSize": 27, "fontWeight": "bold", "color": INK, "offset": 16,
            },
            "axis": {
                "labelFontSize": 20, "labelColor": FAINT, "domain": False, "ticks": False,
                "labelPadding": 10, "gridColor": GRID,
            },
            "legend": {
                "labelFontSize": 21, "labelColor": INK, "symbolType": "circle", "symbolSize": 220,
                "labelLimit": 400,
                "columnPadding": 26, "offset": 14,
            },
        },
    }  # fmt: skip


def _plot(
    title: str, height: int, values: Sequence[Mapping[str, Any]], x: Mapping[str, Any]
) -> dict[str, Any]:
    y: dict[str, Any] = {"field": "n", "type": "quantitative", "axis": _COUNT_AXIS}
    if not any(each["n"] for each in values):
        y["scale"] = {"domain": [0, 4]}  # else the line of nothing stands in the middle
    return {
        "width": WIDTH_PX,
        "height": height,
        "title": title,
        "data": {"values": values},
        "encoding": {"x": x, "y": y},
    }


def _colors(*named: tuple[str, str]) -> dict[str, Any]:
    """The series by color, and the legend of them."""
    names, colors = zip(*named, strict=True)
    return {
        "color": {
            "field": "what",
            "type": "nominal",
            "scale": {"domain": names, "range": colors},
            "legend": {"title": None, "orient": "bottom", "direction": "horizontal"},
        }
    }


# Of one width, so that the plots stand one below the other; whole numbers: half a picture is none.
_COUNT_AXIS = {
    "title": None,
    "tickCount": 4,
    "tickMinStep": 1,
    "format": ",d",
    "minExtent": 78,
    "maxExtent": 78,
}


def _days_axis(names: Sequence[str], *, weekly: bool) -> dict[str, Any]:
    """About six of the days are named, the last among them."""
    step = max(-(-len(names) // LABELS), 1)
    shown = list(reversed(names[::-1][::step]))
    form = "%d.%m" if len(shown) < 2 or not weekly else "%d.%m.%y"
    return {
        "title": None,
        "values": shown,
        "labelExpr": f"utcFormat(toDate(datum.value), '{form}')",
        "labelAngle": 0,
        "labelOverlap": True,
    }


def _weeks(days: Sequence[Day]) -> list[Sequence[Day]]:
    """The days by sevens, to the last; fewer at the beginning would look like a fall."""
    return [days[n : n + 7] for n in range(len(days) % 7, len(days), 7)]


def _date(day: Day) -> str:
    return datetime.fromtimestamp(day.day * 86_400, UTC).strftime("%Y-%m-%dT00:00:00Z")
