"""Text to order: every flag, every wrong input with the line to send instead."""

import dataclasses
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.prompts import parse as prompt
from bot.prompts.errors import (
    BadValueError,
    BytesUpTo,
    ClosedOptionError,
    EmptyPromptError,
    Form,
    LackingFlagError,
    MissingValueError,
    PromptError,
    PromptTooLongError,
    QuantityTooHighError,
    RepeatedFlagError,
    UnknownFlagError,
)
from bot.prompts.grammar import clean, grammar_of
from providers.base import Flag, Number, OneOf, Text, TextOrNumber, Url
from providers.order import Order
from providers.products import PRODUCTS

MIDJOURNEY = PRODUCTS["midjourney"]
MAX = 4
RATIO = OneOf("1:1", "16:9", "9:16", "3:2", "2:3")
QUALITY = MIDJOURNEY.fields[1].kind
CFG = Number(0, 1, 0.1)
COUNT = Number(1, MAX)
VERSION = OneOf("7", "6.1", "6", "5.2", "5.1", "5", "4", "3", "2", "1")
IMAGE_WEIGHT = Number(0, 3, 0.01)
IN_A_HAT, STYLIZED = "кот в шляпе --iw 2", "кот --opt stylize=60"
DEFAULTS: dict[str, Any] = {"aspect_ratio": "1:1", "quality": "standard", "cfg_scale": 0.5}


NOTHING = Order("m", "")


def parse(text: str, base: Order = NOTHING) -> Order:
    return replace(prompt.parse(text, MIDJOURNEY, base, max_quantity=MAX), named=frozenset())


def refused(text: str) -> PromptError:
    with pytest.raises(PromptError) as caught:
        parse(text)
    if caught.value.suggestion is not None:
        parse(caught.value.suggestion)
    return caught.value


def order(text: str = "кот", quantity: int = 1, /, **params: Any) -> Order:
    return Order("m", text, quantity, DEFAULTS | params)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("кот", order()),
        ("  кот \n\n в шляпе \t", order("кот \n\n в шляпе")),
        *((f"кот --ar {ratio}", order(aspect_ratio=ratio)) for ratio in RATIO.words),
        ("кот —ar 16:9", order(aspect_ratio="16:9")),
        ("кот –ar 16:9", order(aspect_ratio="16:9")),
        ("кот --AR 16:9", order(aspect_ratio="16:9")),
        ("кот --ar=16:9", order(aspect_ratio="16:9")),
        ("кот\u00a0--ar\u00a016:9\u00a0--n\u20032", order("кот", 2, aspect_ratio="16:9")),
        ("кот\n--ar\t16:9\r\n--n\n2\n", order("кот", 2, aspect_ratio="16:9")),
        ("кот --q high", order(quality="high")),
        ("кот --quality High", order(quality="high")),
        ("кот --q standard", order()),
        (
            "кот --no собака, 3 дома\nи -- лес --n 2",
            order("кот", 2, negative_prompt="собака, 3 дома\nи -- лес"),
        ),
        ("кот --no " + "я" * 2500, order(negative_prompt="я" * 2500)),
        ("кот --cfg 0", order(cfg_scale=0.0)),
        ("кот --cfg 1", order(cfg_scale=1.0)),
        ("кот --cfg 0.3", order(cfg_scale=0.3)),
        ("кот --cfg 0,7", order(cfg_scale=0.7)),
        ("кот --cfg .5", order()),
        ("кот --cfg 0.50", order()),
        ("кот --n 4", order("кот", 4)),
        ("кот --repeat 2", order("кот", 2)),
        ("кот --r 03", order("кот", 3)),
        ("кот --chaos 50", order(chaos=50)),
        ("кот --seed -7", order(seed=-7)),
        ("кот --seed 0.25", order(seed=0.25)),
        ("кот --seed .25", order(seed=0.25)),
        ("кот --seed 0", order(seed=0)),
        ("кот --seed 007", order(seed="007")),
        ("кот --seed 1e5", order(seed="1e5")),
        ("кот --seed NaN", order(seed="NaN")),
        ("кот --seed -inf", order(seed="-inf")),
        ("кот --seed ٣", order(seed="٣")),
        ("кот --seed 12345678901234567890", order(seed=12345678901234567890)),
        ("кот --seed " + "9" * 5000, order(seed="9" * 5000)),
        ("кот --seed " + "9" * 400 + ".5", order(seed="9" * 400 + ".5")),
        ("кот --style raw", order(style="raw")),
        ("кот --style oil  painting", order(style="oil  painting")),
        ("кот --style 3d render", order(style="3d render")),
        ("кот --style=--x", order(style="--x")),
        ("кот --mode fast", order(mode="fast")),
        ("кот --c 20", order(chaos=20)),
        ("кот --raw", order(style="raw")),
        # Flags in front, where it is plain how long they are
        ("--ar 2:3 кот на крыше", order("кот на крыше", aspect_ratio="2:3")),
        ("--ar=2:3\nкот на\nкрыше", order("кот на\nкрыше", aspect_ratio="2:3")),
        ("--raw кот --n 2", order("кот", 2, style="raw")),
        ("--n 2 --q high кот --ar 3:2", order("кот", 2, quality="high", aspect_ratio="3:2")),
        ("--cfg 0,7 кот", order("кот", cfg_scale=0.7)),
        ("--seed 50 оттенков", order("оттенков", seed=50)),
        ("--no лес --ar 2:3 кот", order("кот", negative_prompt="лес", aspect_ratio="2:3")),
        # No flags: no letter after the dashes, no space before them, Russian after a long dash
        ("кот —рыжий", order("кот —рыжий")),
        ("кот – рыжий -- и — толстый", order("кот – рыжий -- и — толстый")),
        ("кот -ar 16:9", order("кот -ar 16:9")),
        ("кот---ar 16:9", order("кот---ar 16:9")),
        ("кот--ar 16:9", order("кот--ar 16:9")),
        ("кот --2 —3", order("кот --2 —3")),
        ("кот – n95 — style of Monet — no people", order("кот – n95 — style of Monet — no people")),
        ("робот -- r2d2 --\nno", order("робот -- r2d2 --\nno")),
        ("к\ud800т", order("к\ufffdт")),
        # What nobody sees
        ("\u200bк\u00adо\x00т\x1f\u2060\ufeff", order()),
        ("кот -\u200b-ar \u200e16:9", order(aspect_ratio="16:9")),
        ("кот \u200d--ar\u200c 16:9", order(aspect_ratio="16:9")),
        ("кот\x0b\u2800лес", order("кот  лес")),
        ("می\u200cخواهم", order("می\u200cخواهم")),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", order("👨\u200d👩\u200d👧 ❤\ufe0f")),
        # Little is something
        ("7", order("7")),
        ("🦊", order("🦊")),
        ("☕", order("☕")),
        ("1\ufe0f\u20e3", order("1\ufe0f\u20e3")),
        ("я" * 2000, order("я" * 2000)),
    ],
)
def test_order(text: str, expected: Order) -> None:
    parsed = parse(text)
    assert parsed == expected
    for name, value in parsed.params.items():  # 1 == 1.0
        assert type(value) is type(expected.params[name])


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("--v 6", {"version": "6"}),
        ("--version 5.2", {"version": "5.2"}),
        ("--niji 6", {"version": "niji6"}),
        ("--s 250", {"stylize": 250}),
        ("--stylize 0", {"stylize": 0}),
        ("--w 3000 --tile", {"weird": 3000, "tile": True}),
        ("--weird 7 --iw 1.25", {"weird": 7, "iw": 1.25}),
        ("--sref https://a.b/c.png?d=e", {"sref": "https://a.b/c.png?d=e"}),
        ("--iw 2 --opt tile=false", {"iw": 2.0, "tile": False}),
    ],
)
def test_midjourney_s_own_words_go_where_options_go(text: str, options: dict[str, Any]) -> None:
    assert repr(parse(f"кот {text}")) == repr(replace(order(), options=options))
    assert parse(f"кот {text} --ar 3:2").params["aspect_ratio"] == "3:2"


@pytest.mark.parametrize("text", ["--no лес кот", "--style oil painting", "--opt a=b кот"])
def test_words_after_a_text_are_its_own(text: str) -> None:
    assert isinstance(refused(text), EmptyPromptError)


def test_a_change_goes_over_what_was_said_by_the_same_word() -> None:
    earlier = replace(parse("кот --s 250 --tile"), prompt="кот")
    assert parse("--s 50", earlier).options == {"stylize": 50, "tile": True}


def test_what_was_kept_for_another_product_is_left_out() -> None:
    base = Order("m", "", 1, {"aspect_ratio": "21:9", "duration": "5", "quality": "high"})
    assert parse("кот", base) == order(quality="high")


def test_params_stand_in_the_documented_order() -> None:
    text = "кот --mode a --style b --seed 1 --chaos 2 --cfg 0.1 --no лес --q high --ar 2:3"
    assert list(parse(text).params.items()) == [
        ("aspect_ratio", "2:3"),
        ("quality", "high"),
        ("negative_prompt", "лес"),
        ("cfg_scale", 0.1),
        ("chaos", 2),
        ("seed", 1),
        ("style", "b"),
        ("mode", "a"),
    ]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("--opt stylize=100", {"stylize": 100}),
        ("--opt=stylize=100", {"stylize": 100}),
        (
            "--opt a=1.5 —opt b=True --opt _c3=false --opt d=x=y z",
            {"a": 1.5, "b": True, "_c3": False, "d": "x=y z"},
        ),
        ("--opt a = 5", {"a": 5}),
        ("--options {}", {}),
        (
            '--options {"a": [1, 2.0, null], "b": {"c": true}}',
            {"a": [1, 2.0, None], "b": {"c": True}},
        ),
        ('--options={"a": "x --ar 1:1 —q \\" }"} --n 1', {"a": 'x --ar 1:1 —q " }'}),
        ('--options\n{"a":\n1}\n--opt b=2', {"a": 1, "b": 2}),
        ('--options {"a": "“кот”"}', {"a": "“кот”"}),
    ],
)
def test_options_pass_unchanged(text: str, options: dict[str, Any]) -> None:
    parsed = parse(f"кот {text}")
    assert repr(parsed.options) == repr(options)
    assert parsed.params == DEFAULTS


@pytest.mark.parametrize(
    ("text", "error", "suggestion"),
    [
        # The prompt
        ("", EmptyPromptError(), None),
        (" \n\u00a0", EmptyPromptError(), None),
        ("--ar 16:9", EmptyPromptError(), None),
        *(
            (nothing, EmptyPromptError(), None)
            for nothing in (
                "--",
                "—",
                "-- — –",
                "...",
                "…",
                "?!",
                "_ * _",
                "\u200b",
                "\u200d\ufeff\u00ad",
                "\u2800\u3164",
                "\ufe0f",
                "\U000e0067",
                "\ud800",
                "... --ar 16:9",
                "\u200b--ar 16:9",
            )
        ),
        ("я" * 2001, PromptTooLongError(2001, 2000), None),
        # The ratio
        *(
            (f"кот --ar {ratio}", BadValueError("--ar", ratio, RATIO), f"кот --ar {near}")
            for ratio, near in {
                "16x9": "16:9",
                "16X9": "16:9",
                "16х9": "16:9",
                "16Х9": "16:9",
                "16×9": "16:9",
                "16/9": "16:9",
                "16-9": "16:9",
                "16–9": "16:9",
                "16：9": "16:9",
                "16 : 9": "16:9",
                "16 9": "16:9",
                "16:9.": "16:9",
                "= 16:9": "16:9",
                "4:3": "3:2",
                "3:4": "2:3",
                "21:9": "16:9",
                "1920x1080": "16:9",
                "1.91:1": "16:9",
                "5:4": "3:2",
                "6:5": "1:1",
            }.items()
        ),
        ("кот --ar 16:0", BadValueError("--ar", "16:0", RATIO), "кот"),
        ("кот --ar широко", BadValueError("--ar", "широко", RATIO), "кот"),
        (
            "кот --ar 16:9 в шляпе",
            BadValueError("--ar", "16:9 в шляпе", RATIO),
            "кот в шляпе --ar 16:9",
        ),
        (
            "кот --ar 16х9 в шляпе",
            BadValueError("--ar", "16х9 в шляпе", RATIO),
            "кот в шляпе --ar 16:9",
        ),
        ("кот --ar в шляпе", BadValueError("--ar", "в шляпе", RATIO), "кот в шляпе"),
        ("--ar 16х9 кот", BadValueError("--ar", "16х9 кот", RATIO), "кот --ar 16:9"),
        # The quality
        *(
            (f"кот --q {word}", BadValueError("--q", word, QUALITY), f"кот{near}")
            for word, near in {
                "hd": " --q high",
                "hi": " --q high",
                "hihg": " --q high",
                "высокое": " --q high",
                "2": " --q high",
                "1": " --q standard",
                "std": " --q standard",
                "standart": " --q standard",
                "стандартное": " --q standard",
                "зелёное": "",
            }.items()
        ),
        (
            "кот --quality high в шляпе",
            BadValueError("--quality", "high в шляпе", QUALITY),
            "кот в шляпе --quality high",
        ),
        # The negative prompt
        ("кот --no " + "я" * 2501, BadValueError("--no", "я" * 2501, Text(2500)), None),
        # The scale
        *(
            (f"кот --cfg {number}", BadValueError("--cfg", number, CFG), f"кот{near}")
            for number, near in {
                "7": " --cfg 1",
                "-0.5": " --cfg 0",
                "0.55": " --cfg 0.6",
                "0,12": " --cfg 0.1",
                "0.1" + "0" * 40 + "1": " --cfg 0.1",
                "9" * 5000: " --cfg 1",
                "0.5.": " --cfg 0.5",
                "много": "",
                "nan": "",
                "1e-1": " --cfg 1",
            }.items()
        ),
        (
            "кот --cfg 0,5 в шляпе",
            BadValueError("--cfg", "0,5 в шляпе", CFG),
            "кот в шляпе --cfg 0.5",
        ),
        # The quantity
        *(
            (f"кот --n {number}", BadValueError("--n", number, COUNT), f"кот{near}")
            for number, near in {
                "0": " --n 1",
                "-3": " --n 1",
                "1.5": " --n 2",
                "x2": " --n 2",
                "3шт": " --n 3",
                "٣": " --n 3",
                "два": "",
                "9" * 5000: " --n 4",
            }.items()
        ),
        ("кот --n 5", QuantityTooHighError(5, MAX), "кот --n 4"),
        ("кот --repeat 100", QuantityTooHighError(100, MAX), "кот --repeat 4"),
        ("кот —r 2 в шляпе", BadValueError("--r", "2 в шляпе", COUNT), "кот в шляпе --r 2"),
        # What is passed on
        *(
            (
                f"кот --{name} 50 в шляпе --n 2",
                BadValueError(f"--{name}", "50 в шляпе", TextOrNumber()),
                f"кот в шляпе --{name} 50 --n 2",
            )
            for name in ("seed", "style", "mode")
        ),
        # Nothing after the flag
        ("кот --ar", MissingValueError("--ar", RATIO), "кот"),
        ("кот --ar= --n 2", MissingValueError("--ar", RATIO), "кот --n 2"),
        ("кот --quality", MissingValueError("--quality", QUALITY), "кот"),
        ("кот --no", MissingValueError("--no", Text(2500)), "кот"),
        ("кот --cfg", MissingValueError("--cfg", CFG), "кот"),
        ("кот --n", MissingValueError("--n", COUNT), "кот"),
        ("кот --seed", MissingValueError("--seed", TextOrNumber()), "кот"),
        ("кот --opt", MissingValueError("--opt", Form.KEY_VALUE), "кот"),
        ("кот --options", MissingValueError("--options", Form.JSON_OBJECT), "кот"),
        # A blank after the dashes
        ("лес -- ar 16:9", UnknownFlagError("-- ar", "--ar"), "лес --ar 16:9"),
        ("лес — ar 16:9", UnknownFlagError("-- ar", "--ar"), "лес --ar 16:9"),
        (
            "лес –\u00a0AR 16x9 в снегу",
            UnknownFlagError("--\u00a0AR", "--ar"),
            "лес в снегу --ar 16:9",
        ),
        ("-- ar 16:9", UnknownFlagError("-- ar", "--ar"), None),
        ("лес -- ar16:9", UnknownFlagError("-- ar16:9", "--ar"), "лес --ar 16:9"),
        ("лес --  n=2", UnknownFlagError("--  n", "--n"), "лес --n 2"),
        ("лес — repeat 2", UnknownFlagError("-- repeat", "--repeat"), "лес --repeat 2"),
        ("лес — q high", UnknownFlagError("-- q", "--q"), "лес --q high"),
        ("лес -- no люди", UnknownFlagError("-- no", "--no"), "лес --no люди"),
        ("лес -- ar", UnknownFlagError("-- ar", "--ar"), "лес"),
        ("лес --no люди -- ar 16:9", UnknownFlagError("-- ar", "--ar"), "лес --no люди --ar 16:9"),
        ("лес --ar 1:1 -- ar 16:9", UnknownFlagError("-- ar", "--ar"), "лес --ar 1:1"),
        ("лес -- opt a=1", UnknownFlagError("-- opt", "--opt"), "лес --opt a=1"),
        (
            'лес — options {"a": "x --n 2"}',
            UnknownFlagError("-- options", "--options"),
            'лес --options {"a": "x --n 2"}',
        ),
        # Unknown flags
        ("кот --arr 16:9", UnknownFlagError("--arr", "--ar"), "кот --ar 16:9"),
        ("кот --аr 16х9", UnknownFlagError("--аr", "--ar"), "кот --ar 16:9"),  # a Cyrillic а
        ("кот --aspect 4:3", UnknownFlagError("--aspect", "--ar"), "кот --ar 3:2"),
        ("кот --ar16:9", UnknownFlagError("--ar16:9", "--ar"), "кот --ar 16:9"),
        ("кот --ar: 16:9", UnknownFlagError("--ar:", "--ar"), "кот --ar 16:9"),
        ("кот --n2", UnknownFlagError("--n2", "--n"), "кот --n 2"),
        ("кот --sead 20 в шляпе", UnknownFlagError("--sead", "--seed"), "кот в шляпе --seed 20"),
        ("кот --cfg_scale 0.3", UnknownFlagError("--cfg_scale", "--cfg"), "кот --cfg 0.3"),
        (
            "кот --negative_prompt лес",
            UnknownFlagError("--negative_prompt", "--no"),
            "кот --no лес",
        ),
        (
            'кот --optons {"a":1}',
            UnknownFlagError("--optons", "--options"),
            'кот --options {"a":1}',
        ),
        ("кот --optons ?", UnknownFlagError("--optons", "--options"), "кот"),
        ("кот --ar 16:9 --arr 3:2", UnknownFlagError("--arr", "--ar"), "кот --ar 16:9"),
        ("кот --папа", UnknownFlagError("--папа", None), "кот"),
        ("кот --сидит на окне", UnknownFlagError("--сидит", None), "кот на окне"),
        ("кот --v6 --Fast", UnknownFlagError("--v6", "--v"), "кот --v 6"),
        ("кот --speed 6 --n 2", UnknownFlagError("--speed", None), "кот --n 2"),
        ("кот --sampler 6 в шляпе", UnknownFlagError("--sampler", None), "кот в шляпе"),
        # What Midjourney has, and this model cannot
        ("--cref https://a.b/c", LackingFlagError("--cref"), None),
        ("кот --Fast --ar 16:9", LackingFlagError("--Fast"), "кот --ar 16:9"),
        ("кот --cref https://a.b/c в шляпе", LackingFlagError("--cref"), "кот в шляпе"),
        ("кот --draft в шляпе --n 2", LackingFlagError("--draft"), "кот в шляпе --n 2"),
        ("кот --oref a b --s 50", LackingFlagError("--oref"), "кот b --s 50"),
        *(
            (f"кот --{name} 6 --s 50", LackingFlagError(f"--{name}"), "кот --s 50")
            for name in ("stop", "p", "cw", "ow", "sw", "sv", "exp", "profile")
        ),
        # Midjourney's own words
        ("кот --tile в шляпе", BadValueError("--tile", "в шляпе", Flag()), "кот в шляпе --tile"),
        ("кот --raw да", BadValueError("--raw", "да", Flag("raw")), "кот да --raw"),
        ("кот --iw 2 в шляпе", BadValueError("--iw", "2 в шляпе", IMAGE_WEIGHT), IN_A_HAT),
        ("кот --iw 5", BadValueError("--iw", "5", IMAGE_WEIGHT), "кот --iw 3"),
        ("кот --s 2000", BadValueError("--s", "2000", Number(0, 1000)), "кот --s 1000"),
        ("кот --weird -5", BadValueError("--weird", "-5", Number(0, 3000)), "кот --weird 0"),
        ("кот --c 101", BadValueError("--c", "101", Number(0, 100)), "кот --c 100"),
        ("кот --chaos 1.5", BadValueError("--chaos", "1.5", Number(0, 100)), "кот --chaos 2"),
        ("кот --v 8", BadValueError("--v", "8", VERSION), "кот --v 7"),
        ("кот --version 6.0", BadValueError("--version", "6.0", VERSION), "кот --version 6"),
        ("кот --v", MissingValueError("--v", VERSION), "кот"),
        ("кот --sref 6 --n 2", BadValueError("--sref", "6", Url()), "кот --n 2"),
        (
            "кот --sref https://a.b/c в шляпе",
            BadValueError("--sref", "https://a.b/c в шляпе", Url()),
            "кот в шляпе --sref https://a.b/c",
        ),
        ("кот --v 6 --niji 5", RepeatedFlagError("--niji"), "кот --niji 5"),
        ("кот --style a --raw", RepeatedFlagError("--raw"), "кот --raw"),
        ("кот --s 50 --stylize 60", RepeatedFlagError("--stylize"), "кот --stylize 60"),
        ("кот --s 50 --opt stylize=60", RepeatedFlagError("--opt stylize"), STYLIZED),
        ("кот --opt stylize=60 --s 50", RepeatedFlagError("--s"), "кот --s 50"),
        # Twice
        ("кот --ar 1:1 --ar 16:9", RepeatedFlagError("--ar"), "кот --ar 16:9"),
        (
            "кот --q high --n 2 --quality standard",
            RepeatedFlagError("--quality"),
            "кот --n 2 --quality standard",
        ),
        ("кот --n 2 --r 3", RepeatedFlagError("--r"), "кот --r 3"),
        ("кот --ar 16:9 --ar", RepeatedFlagError("--ar"), "кот --ar 16:9"),
        (
            "кот --opt a=1 --opt b=2 --opt a=3",
            RepeatedFlagError("--opt a"),
            "кот --opt b=2 --opt a=3",
        ),
        (
            'кот --options {"a":1,"b":2} --opt a=3',
            RepeatedFlagError("--opt a"),
            'кот --options {"b":2} --opt a=3',
        ),
        (
            'кот --opt a=3 --options {"a":1}',
            RepeatedFlagError("--options a"),
            'кот --options {"a":1}',
        ),
        ('кот --options {"a":1} --options {}', RepeatedFlagError("--options"), "кот --options {}"),
        # Options
        ("кот --opt a", BadValueError("--opt", "a", Form.KEY_VALUE), "кот"),
        ("кот --opt a=", BadValueError("--opt", "a=", Form.KEY_VALUE), "кот"),
        ("кот --opt 1a=2", BadValueError("--opt", "1a=2", Form.KEY_VALUE), "кот"),
        ("кот --opt a 7", BadValueError("--opt", "a 7", Form.KEY_VALUE), "кот --opt a=7"),
        ("кот --opt a: 7", BadValueError("--opt", "a: 7", Form.KEY_VALUE), "кот --opt a=7"),
        (
            "кот --opt a=1 в шляпе",
            BadValueError("--opt", "a=1 в шляпе", Form.KEY_VALUE),
            "кот в шляпе --opt a=1",
        ),
        (
            "кот --opt a=1 b=x",
            BadValueError("--opt", "a=1 b=x", Form.KEY_VALUE),
            "кот --opt a=1 --opt b=x",
        ),
        (
            'кот --opt {"a":1}',
            BadValueError("--opt", '{"a":1}', Form.KEY_VALUE),
            'кот --options {"a":1}',
        ),
        ("кот --options a=1", BadValueError("--options", "a=1", Form.JSON_OBJECT), "кот --opt a=1"),
        *(
            (
                f"кот --options {given}",
                BadValueError("--options", given, Form.JSON_OBJECT),
                near and f"кот {near}",
            )
            for given, near in {
                "{“a”: “x --ar 1:1”}": '--options {"a": "x --ar 1:1"}',
                "{«a»: 1}": '--options {"a": 1}',
                "{'a': 1}": '--options {"a": 1}',
                "{‘a’:\u00a01}": '--options {"a": 1}',
                "{“a”: “it’s”}": '--options {"a": "it’s"}',
                '{"a":1} в шляпе': 'в шляпе --options {"a":1}',
                '{"a":1}--n 2': '--n 2 --options {"a":1}',
                '{"a":1': None,
                "[1]": None,
                '"a"': None,
                '{"a":NaN}': None,
                '{"a":-Infinity}': None,
                '{"a":1e999}': None,
                '{"a":"\\ud800"}': None,
                '{"a":' + "9" * 5000 + "}": None,
                '{"a":' + "[" * 33 + "]" * 33 + "}": None,
                '{"a":' * 5000: None,
            }.items()
        ),
        (
            "кот --opt a=" + "я" * 2045,
            BadValueError("--opt", "a=" + "я" * 2045, BytesUpTo(4096)),
            None,
        ),
        # Options that are closed to people
        *(
            (f"кот --opt {name}=10 --ar 3:2", ClosedOptionError(name), "кот --ar 3:2")
            for name in ("n", "speed", "prompt", "image_url", "imageUrl", "Num_Images")
        ),
        (
            'кот --options {"weird":1,"image-url":"x","a":[{"turbo":1}],"b":[{}]}',
            ClosedOptionError("image-url"),
            'кот --options {"weird":1,"b":[{}]}',
        ),
        ("кот --opt weird=1 --opt n=3 --opt n=4", ClosedOptionError("n"), "кот --opt weird=1"),
        ("кот --ar 4:3 --opt n=3", BadValueError("--ar", "4:3", RATIO), "кот --ar 3:2"),
        # Several faults: the first is told, all are mended
        (
            "кот --ar 16x9 --q hd в шляпе --v 6 --turbo --n 9",
            BadValueError("--ar", "16x9", RATIO),
            "кот в шляпе --ar 16:9 --q high --v 6 --n 4",
        ),
    ],
)
def test_refusal(text: str, error: PromptError, suggestion: str | None) -> None:
    error.suggestion = suggestion
    caught = refused(text)
    assert type(caught) is type(error)
    assert dataclasses.asdict(caught) == dataclasses.asdict(error)
    assert str(caught) == repr(caught)


def test_options_may_take_4096_bytes() -> None:
    text = "я" * 2044  # {"a":"..."} takes eight bytes more
    assert parse(f"кот --opt a={text}").options == {"a": text}
    whole = refused(f'кот --opt b=1 --options {{"a":"{text}"}}')
    assert isinstance(whole, BadValueError)
    assert (whole.flag, whole.allowed) == ("--options", BytesUpTo(4096))


def test_an_option_that_an_admin_opened_passes_however_it_is_spelled() -> None:
    def line(text: str) -> Order:
        opened = ("image_resolution", "speed")
        return prompt.parse(text, MIDJOURNEY, NOTHING, max_quantity=MAX, allowed_options=opened)

    assert line("кот --opt imageResolution=4K").options == {"imageResolution": "4K"}
    assert line('кот --options {"a":{"SPEED":"fast"}}').options == {"a": {"SPEED": "fast"}}
    with pytest.raises(ClosedOptionError) as caught:
        line("кот --opt speed=fast --opt n=2")
    assert caught.value.suggestion == "кот --opt speed=fast"
    assert caught.value.allowed == ("image_resolution", "speed")


def test_spaces_in_json_do_not_count() -> None:
    assert parse("кот --options {" + " " * 5000 + "}").options == {}


def test_limit_of_one_image() -> None:
    with pytest.raises(QuantityTooHighError) as caught:
        prompt.parse("кот --n 2", MIDJOURNEY, NOTHING, max_quantity=1)
    assert caught.value.suggestion == "кот --n 1"


# --- For any text


words = st.text("аяaz09.,:=-—–'\"{} \n\u00a0xх", max_size=8)
odd = st.text("аx1=- —\u200b\u200d\ufe0f🦊\x1f", max_size=8)
names = st.sampled_from(
    [
        *grammar_of(MIDJOURNEY).names,
        "arr",
        "v",
        "s",
        "tile",
        "N2",
        "ar16:9",
        "optons",
        "Папа",
        "аr",
        "c",
        "",
        "-",
    ]
)
values = words | st.sampled_from(
    [
        "16:9", "16x9", "4:3", "0:1", "high", "hd", "0,5", "0.55", "1e5", "-1", "007", "9",
        "в шляпе", "50 в шляпе", "a=1", "a=1 b=2", "b=x y", "a: 7", "{}", '{"a":1}', '{"a":1} x',
        "--x", "=1",
        "\u200d", "{“a”:“--n 2”}", '{"b":NaN}', "{'a':1}", "[1]", '{"a":{"a":1}}--q hd',
    ]
)  # fmt: skip
flags = st.builds(
    lambda space, dash, name, equals, value: f"{space}{dash}{name}{equals}{value}",
    st.sampled_from([" ", "\n", "\u00a0", ""]),
    st.sampled_from(["--", "—", "–", "-- ", "— ", "-\u200b-", "--\u200d"]),
    names,
    st.sampled_from([" ", "=", "", "\t"]),
    values,
)
lines = st.builds(
    lambda start, rest: start + "".join(rest), words | odd, st.lists(flags, max_size=6)
)


def survives(text: str) -> None:
    try:
        parse(text)
    except PromptError as error:
        suggestion = error.suggestion
    else:
        return
    if suggestion is not None:
        parse(suggestion)


@given(st.text() | st.text(st.characters(categories=["Cs", "Lu", "Pd", "Zs", "Nd"])))
@example("--\u0130 1")
def test_any_text_is_an_order_or_a_prompt_error(text: str) -> None:
    survives(text)
    survives(f"x --{text}")


@settings(max_examples=300)
@given(lines)
def test_any_flags_are_an_order_or_a_prompt_error(text: str) -> None:
    survives(text)


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False).map(
    lambda number: float(f"{number:.6f}") if abs(number) < 1e9 else 0.5
)
passed = numbers | st.sampled_from(["raw", "oil painting", "007", "1e5", "--x", "=y", "а — б"])
inner = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(words, each, max_size=3),
    max_leaves=5,
)


def spelled(value: Any) -> str:
    """The number as a person writes it, without exponent."""
    return f"{value:.6f}" if isinstance(value, float) else str(value)


@given(
    text=st.sampled_from(["кот", "a cat\n— grey —", "кот —рыжий -- 5"]),
    quantity=st.integers(1, MAX),
    ratio=st.sampled_from(RATIO.words),
    quality=st.sampled_from(("standard", "high")),
    cfg=st.integers(0, 10),
    rest=st.fixed_dictionaries(
        {},
        optional={"no": st.sampled_from(["лес", "a, b\nc"]), "chaos": st.integers(0, 100)}
        | dict.fromkeys(["seed", "style", "mode"], passed),
    ),
    options=st.dictionaries(words, inner, max_size=3),
)
def test_an_order_written_as_a_line_comes_back(
    text: str,
    quantity: int,
    ratio: str,
    quality: str,
    cfg: int,
    rest: dict[str, Any],
    options: dict[str, Any],
) -> None:
    params: dict[str, Any] = {"aspect_ratio": ratio, "quality": quality, "cfg_scale": cfg / 10}
    params |= {grammar_of(MIDJOURNEY).fields[name].param: value for name, value in rest.items()}
    line = f"{text} --ar {ratio} --q {quality} --cfg {cfg / 10} --n {quantity}"
    line += "".join(f" --{name}={spelled(value)}" for name, value in rest.items())
    line += f" --options {json.dumps(options)}"
    assert parse(line) == Order("m", text, quantity, params, options)


@pytest.mark.parametrize(
    "piece",
    [
        "--a ", "--ar ", "--ar 1:1 ", "--arr 1:1 ", "--opt a=1 ", "--options {", '--options {"a":"',
        "-", "—a", "{", '{"a":', "[", " ", "a=", "a ", "1", "1:", "--no x ", "“", "--options “",
        "--seed 1 2 ",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "start", ["", "кот ", "кот --opt ", "кот --options ", "кот --ar ", "кот --"]
)
def test_a_full_message_of_anything_is_answered(start: str, piece: str) -> None:
    survives((start + piece * 4096)[:4096])


# --- What a text leaves out


OWN = Order("m", "", 3, {"aspect_ratio": "16:9", "negative_prompt": "frame"})
EARLIER = Order("m", "fox", 1, {**DEFAULTS, "seed": 7}, {"weird": 1, "quality": "best"}, ("file",))


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("кот", OWN, order("кот", 3, aspect_ratio="16:9", negative_prompt="frame")),
        (
            "кот --ar 3:2 --no dog --n 1",
            OWN,
            order("кот", 1, aspect_ratio="3:2", negative_prompt="dog"),
        ),
        ("кот", Order("m", "", 9), order("кот", MAX)),
        (
            "--ar 9:16 --opt weird=2",
            EARLIER,
            Order(
                "m",
                "fox",
                1,
                DEFAULTS | {"aspect_ratio": "9:16", "seed": 7},
                {"weird": 2, "quality": "best"},
                ("file",),
            ),
        ),
        (
            "--q high",
            EARLIER,
            Order(
                "m", "fox", 1, DEFAULTS | {"quality": "high", "seed": 7}, {"weird": 1}, ("file",)
            ),
        ),
    ],
)
def test_defaults_stand_for_what_is_left_out(text: str, base: Order, expected: Order) -> None:
    assert parse(text, base) == expected


def test_what_was_chosen_is_named() -> None:
    chosen = prompt.parse("кот --cfg 1", MIDJOURNEY, OWN, max_quantity=MAX).named
    assert chosen == {"aspect_ratio", "negative_prompt", "cfg_scale"}


def test_a_change_is_mended_as_a_change() -> None:
    with pytest.raises(BadValueError) as caught:
        prompt.parse("--ar 4:3", MIDJOURNEY, EARLIER, max_quantity=MAX)
    assert caught.value.suggestion == "--ar 3:2"


@given(st.text() | odd)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--ar 9:16", True),
        ("  —q high", True),
        ("\u200b--ar 9:16", True),
        ("кот --ar 9:16", False),
        ("кот", False),
    ],
)
def test_flags_alone(text: str, *, expected: bool) -> None:
    assert prompt.only_flags(text, MIDJOURNEY) is expected
