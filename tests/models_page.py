"""`python -m tests.models_page`: docs/models.md, made from the declarations and a new catalogue."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from providers.base import Field, Flag, Input, Media, Number, OneOf, Product, Text, Url
from providers.products import PRODUCTS
from storage.catalogue import Catalogue, Model
from storage.database import Database

PAGE = Path(__file__).parent.parent / "docs" / "models.md"
HEAD = """\
# Models

What the program brings, made from `providers/products/` by `make models`: change it there. Tokens
are those that a new database proposes (4 for one of KIE's credits of $0.005, never fewer than 5);
admins set their own. All rows but the first are off until an admin switches them on
([docs/admin.md](admin.md)). KIE's credits are those of its price list of October 2026.

"""
FLAGS = """
## Flags

Besides `--n` and `--model`, which are for all. A default is in bold; what costs more or less has
its tokens behind it, for a request that is otherwise by default.

"""


async def page() -> str:
    """The whole page."""
    with TemporaryDirectory() as folder:
        async with Database.open(Path(folder) / "bot.db") as database:
            catalogue = Catalogue(database)
            await catalogue.seed()
            models = [each for each in await catalogue.all() if each.provider in PRODUCTS]
    rows = [_row(each, each.product) for each in models]
    flags = [
        (f"`{each.slug}`", f"`--{field.flag}`", _values(field, each), _where(field))
        for each in models
        for field in each.product.fields
    ]
    return HEAD + _table(ROW, rows) + FLAGS + _table(("`--model`", "flag", "values", "only"), flags)


ROW = (
    *("`--model`", "name", "good for", "gives", "pictures in", "prompt, characters"),
    *("credits", "tokens", "time, s"),
)


def _row(model: Model, product: Product) -> tuple[str, ...]:
    gives = "file" if product.as_file else "video" if product.media is Media.FILM else "picture"
    pictures = f"up to {product.pictures}" if product.pictures > 1 else str(product.pictures)
    if product.models.text is None:
        pictures = "1, always"
    credits_ = f"{product.credits:g}" if product.credits else "not public"
    if product.credits_a_picture:
        credits_ += f" + {product.credits_a_picture:g} a picture"
    return (
        f"`{model.slug}`",
        model.name,
        product.description.get("en", "—"),
        gives,
        pictures,
        f"{product.prompt_chars:,}" if product.prompt_chars else "none",
        credits_,
        str(model.price),
        f"{product.seconds:g}" if product.seconds else "—",
    )


def _values(field: Field, model: Model) -> str:
    prices: Mapping[str, int] = model.prices.get(field.param, {})

    def shown(word: str) -> str:
        text = f"**{word}**" if word == field.default else word
        return f"{text} ({prices[word]})" if word in prices else text

    match field.kind:
        case OneOf(words=words):
            return ", ".join(map(shown, words))
        case Number(low=low, high=high, step=step):
            steps = "" if step == 1 else f", steps of {step:g}"
            return f"{low:.10g} to {high:.10g}{steps}" + (
                f" (**{field.default:g}**)" if field.default is not None else ""
            )
        case Text(limit=limit):
            return f"text, up to {limit:,} characters"
        case Flag():
            return "none" + (f" ({prices['on']})" if prices else "")
        case Url():
            return "a URL"
        case _:
            return "a word or a number"


def _where(field: Field) -> str:
    if field.only is None:
        return ""
    return "without a picture" if field.only is Input.TEXT else "with a picture"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = [*head]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(asyncio.run(page()), encoding="utf-8")
