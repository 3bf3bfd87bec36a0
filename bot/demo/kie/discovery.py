"""What KIE tells of its models: the list; of each its schema, its price and how well it does."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from bot.demo.base import iso

from . import wire
from .account import Account

LIST = "/api/v1/models"
NAMES = frozenset({"models", "schema", "price", "success-rate"})
UNPRICED = {"ideogram/v3-remix"}
POINT_S, POINTS = 600, 144


def name_of(path: str) -> str:
    """Which of the four questions a path is; "" for none."""
    what = re.fullmatch(rf"{LIST}/.+/(schema|price|success-rate)", path)
    return what[1] if what else "models" * (path == LIST)


def routes(kie: Account) -> list[web.RouteDef]:
    def listed() -> list[str]:
        return sorted(kie.models - kie.unlisted_models)

    def entry(name: str) -> dict[str, Any]:
        model = kie.model_of(name)
        title = f"{model.provider} {name.rpartition('/')[2].replace('-', ' ').capitalize()}"
        return {
            "model": name,
            "slug": name,
            "title": title,
            "provider": model.provider,
            "taskType": model.task_types,
            "description": f"{title}, simulated.",
            "pricingDesc": None if name in UNPRICED else model.price,
        }

    def asked_for(request: web.Request) -> str:
        """The model in the path, whose slash is a slash."""
        if limits := kie.limits:
            limits.keep(kie.discoveries, kie.clock(), limits.discoveries_per_s)
        name = request.match_info.get("model", "")
        if name and ("%2F" in request.rel_url.raw_path.upper() or name not in listed()):
            raise wire.RefusedError(404, wire.UNKNOWN_MODEL)
        return name

    async def models(request: web.Request) -> web.Response:
        asked_for(request)
        word, provider, kind = (request.query.get(name) for name in ("q", "provider", "taskType"))
        found = [
            each
            for each in map(entry, listed())
            if (not word or word.lower() in f"{each['model']} {each['title']}".lower())
            and (not provider or provider == each["provider"])
            and (not kind or kind in each["taskType"])
        ]
        return wire.success({"total": len(found), "models": found})

    async def schema(request: web.Request) -> web.Response:
        name = asked_for(request)
        return wire.success({"openapi": kie.model_of(name).document(name)})

    async def price(request: web.Request) -> web.Response:
        name = asked_for(request)
        return wire.success({"pricingDesc": entry(name)["pricingDesc"]})

    async def success_rate(request: web.Request) -> web.Response:
        name = asked_for(request)
        ended: dict[int, list[bool]] = {}
        for task in kie.tasks:
            if task.model == name and task.done:
                start = int(task.ready_at // POINT_S * POINT_S)
                ended.setdefault(start, []).append(task.state == "success")
        points = []
        for start, good in sorted(ended.items())[-POINTS:]:
            rate = 100 * sum(good) / len(good)
            told = {"successRate": rate, "errorRate": 100 - rate, "isNormal": rate > 90}
            points.append({"start": iso(start), "end": iso(start + POINT_S), **told})
        return wire.success(points)

    of_one = f"{LIST}/{{model:.+}}/"
    return [
        web.get(LIST, models, allow_head=False),
        web.get(f"{of_one}schema", schema, allow_head=False),
        web.get(f"{of_one}price", price, allow_head=False),
        web.get(f"{of_one}success-rate", success_rate, allow_head=False),
    ]
