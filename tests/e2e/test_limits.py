"""No message breaks a limit of Telegram's, whatever people write.

Every text that holds somebody's words is made with such words and read as Telegram reads it, by
the emulator's own parser; the worst go over HTTP as well.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.pager import LINES
from bot.cards.result import picture_keyboard
from bot.demo.telegram.entities import check_caption, check_text, format_text
from bot.demo.telegram.hypertext import parse_html, utf16_length
from bot.prompts.errors import PromptError
from bot.prompts.parse import parse
from bot.telegram.buttons import Keyboard
from bot.telegram.html import fit
from bot.texts import Texts, load_texts
from providers.base import Media
from providers.kie import AccountReport, Trouble
from providers.order import Order, Origin
from providers.products import PRODUCTS
from storage.admin_items import OpenItem
from storage.backup import Inspection
from storage.broadcasts import Unreached
from storage.catalogue import Model
from storage.failures import FailureKind
from storage.gallery import Kept, Page
from storage.inputs import Held
from storage.items import Item, ItemStatus, Job, JobView
from storage.journal import Entry
from storage.packs import Pack
from storage.payment_orders import XTR
from storage.payments import Payment
from storage.people import JobLine, LedgerLine, Person, Record
from storage.questions import Question
from tests.support import World

TEXTS = load_texts()
NASTY = (
    "я" * 4000,
    "&" * 10_000,
    "<b>" * 1300,
    "</blockquote><b>жирный",
    "👨‍👩‍👧‍👦" * 500,
    "🦊" * 2000,
    "שלום עולם " * 300,
    "\u202e" + "справа налево" * 200,
    "\u202e",
    "&lt;&#60;&amp" * 300,
    "a\n\n\n" * 900,
    "\u0301" * 3000,
    "]]>--><!--",
    '"><a href="tg://user?id=1">',
    "--ar " * 700,
    "\x07\x00\x1b",
)
words = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=200).map(lambda text: text * 20),
    st.text(alphabet="<>&\"'/b 🦊א\u202e\n", max_size=3000),
)
MIDJOURNEY = PRODUCTS["midjourney"]
DEAR = Model("m", "M", "midjourney", "", 1, 10**6, True, 1, {}, 0)
languages = st.sampled_from(sorted(TEXTS))


def view_of(prompt: str, **params: Any) -> JobView:
    job = Job(
        job_id=1,
        order=Order("m", prompt, params={"aspect_ratio": "16:9", **params}),
        origin=Origin(1, 1, 1, "ru"),
        price=79,
        created_at=0.0,
        closed_at=None,
        progress_message_id=None,
        uploads=[],
    )
    items = [
        Item(
            item_id=number,
            job_id=1,
            user_id=1,
            position=number,
            cost=79,
            status=status,
            attempts=1,
            task_id=None,
            submitted_at=None,
            result_url=None,
            file_key=None,
            message_id=None,
            failure=FailureKind.GENERATION_FAILED if status is ItemStatus.FAILED else None,
            failure_detail=prompt,
            finished_at=None,
            create_after=None,
            drawn_s=None,
            fetch_attempts=0,
            lost_sendings=0,
            stored_url=None,
            store_attempts=0,
            store_after=None,
            sent_file_id=None,
            sent_as=None,
            credits=None,
        )
        for number, status in enumerate(
            (ItemStatus.DELIVERED, ItemStatus.FAILED, ItemStatus.FAILED, ItemStatus.QUEUED), 1
        )
    ]
    model = Model(
        slug="m",
        name=prompt[:60] or "M",
        provider="midjourney",
        description="",
        input_images=1,
        price=10**6,
        enabled=True,
        position=1,
        options={},
        used=0,
    )
    return JobView(job, items, model, 10**9)


def check_message(text: str) -> None:
    shown, _ = format_text(text, "HTML", may_be_empty=False)
    check_text(shown)


def check_buttons(keyboard: Keyboard) -> None:
    for row in keyboard:
        for button in row:
            assert button.text.strip()
            assert bool(button.data) != bool(button.copy)
            assert len(button.data.encode()) <= 64
            assert utf16_length(button.copy) <= 256


@settings(max_examples=150, deadline=None)
@given(prompt=words, language=languages, seed=words)
def test_captions_and_their_buttons(prompt: str, language: str, seed: str) -> None:
    texts = TEXTS[language]
    view = view_of(prompt or "x", seed=seed, aspect_ratio=seed)
    for item in view.items:
        caption, _ = format_text(texts.caption(view, item), "HTML", may_be_empty=False)
        check_caption(caption)
        check_buttons(picture_keyboard(texts, view, item))


@settings(max_examples=150, deadline=None)
@given(prompt=words, language=languages)
def test_lists_and_progress(prompt: str, language: str) -> None:
    texts = TEXTS[language]
    view = view_of(prompt or "x")
    page = Page([Kept(10**15, prompt or "x", prompt, 0.0)] * 5, has_newer=True, has_older=True)
    check_message(texts.history(page))
    check_message(texts.queue([(view, 10**6)] * 10, Held(("x",) * 10, 1, 600.0)))
    check_message(texts.progress(view, product="Midjourney (KIE)", position=None, left_s=4000.0))
    check_message(texts.failures(view, product="Midjourney (KIE)"))
    for kind in FailureKind:
        check_message(texts.failure(kind, prompt, "Midjourney (KIE)") + ".")


@settings(max_examples=150, deadline=None)
@given(details=st.lists(words.map(lambda each: each[:500]), max_size=10), language=languages)
def test_an_outcome_of_any_reasons(details: list[str], language: str) -> None:
    texts, item = TEXTS[language], view_of("x").items[1]
    items = [replace(item, failure_detail=each) for each in details] or [item]
    view = replace(view_of("x"), items=items)
    assert view.ended
    check_message(texts.progress(view, product="Midjourney (KIE)", position=None, left_s=None))
    reasons = texts.failures(view, product="Midjourney (KIE)")
    check_message(reasons)
    assert reasons.count("\n") < len(items) or "\n" in "".join(details)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.sampled_from(("<b>", "<i>", '<a href="tg://user?id=1">')) | words),
    length=st.integers(1, 60),
)
def test_html_is_cut_only_where_it_may_be(parts: list[str], length: int) -> None:
    opened: list[str] = []
    text = ""
    for part in parts:
        if re.fullmatch("<[abi][^>]*>", part) is None:
            text += escape(part, quote=False) + (f"</{opened.pop()}>" if opened else "")
        elif part[1] not in opened:
            opened.append(part[1])
            text += part
    text += "".join(f"</{tag}>" for tag in reversed(opened))
    whole, _ = parse_html(text)
    shown, _ = parse_html(fit(text, length))
    assert utf16_length(shown) <= length
    assert fit(f"</b>{text * 9}", length)  # not ours, and no reason to raise
    if shown != whole:
        assert utf16_length(whole) > length
        assert shown.endswith("…")
        assert whole.startswith(shown[:-1])


@settings(max_examples=150, deadline=None)
@given(prompt=words, flag=st.sampled_from(("", "--ar ", "--n ", "--no ", "--opt ", "--x", "--")))
def test_refusals_of_any_line(prompt: str, flag: str) -> None:
    for line in (f"{flag}{prompt}", f"{prompt} {flag}{prompt}", f"кот {flag}{prompt[:3900]}"):
        try:
            parse(line, MIDJOURNEY, Order("m", ""), max_quantity=4)
        except PromptError as error:
            for texts in TEXTS.values():
                check_message(texts.prompt_error(error, MIDJOURNEY))


def about(prompt: str, texts: Texts) -> Iterator[Callable[[], str]]:
    """Texts about what somebody wrote, or what an admin named."""
    model = Model(
        slug="m",
        name=prompt[:60] or "M",
        provider="midjourney",
        description=prompt[:300],
        input_images=1,
        price=79,
        enabled=True,
        position=1,
        options={},
        used=10**6,
    )
    order = Order(
        model="m",
        prompt=prompt or "x",
        quantity=4,
        params={"aspect_ratio": "1:1", "negative_prompt": prompt[:2500]},
        options={"x": prompt[:1000]},
        inputs=("x",),
    )
    question = Question(order, Origin(1, 1, 1, texts.language), 79)
    yield lambda: texts.model_takes_no_picture(prompt[:60])
    yield lambda: texts.question(question, model, 10**9, prompt[:60])
    yield lambda: texts.model_went_off_sale(prompt[:60])
    yield lambda: texts.words_kept(MIDJOURNEY.fields[2], prompt)
    yield lambda: texts.models([model] * 10, "m")
    yield lambda: texts.maintenance(prompt)
    yield lambda: texts.banned(prompt)


@settings(max_examples=100, deadline=None)
@given(prompt=words, language=languages)
def test_cards_and_questions(prompt: str, language: str) -> None:
    for make in about(prompt, TEXTS[language]):
        check_message(make())


def pages(words: str, texts: Texts) -> Iterator[str]:
    """What admins read, with the longest that people are called and services say."""
    person = Person(10**15, words[:32], words[:64], 10**9, "ru", 0.0, 0.0, 0.0, words[:200])
    entries = [LedgerLine(1, "grant", 10**9, words[:200], 0.0)] * 10
    orders = [JobLine(1, words[:2000], 0.0, 10, 1, 9)] * 10
    model = Model("m" * 60, words[:64], "midjourney", words[:512], 1, 79, True, 1, {words: 1}, 1)
    entry = Entry(1, "1:1", 10**15, "description", words, words, words, 0.0)
    item = OpenItem(
        *(10**9, 10**9, 10**15, None, words[:64], words[:64], words[:2000], 79),
        *(ItemStatus.GENERATING, "t" * 100, 0.0),
    )
    paid = Payment(
        *(1, 1, "stars", "c" * 64, "o" * 16, 10**15, 10**6, XTR, 10**8, None, 0.0),
        *(0.0, "done"),
    )
    yield texts.user_card(Record(person, entries, orders, [paid] * 5))
    yield texts.several_people(words, [person] * 10)
    yield texts.no_such_person(words, [person] * 10)
    yield texts.user_banned(person, words[:200])
    yield texts.open_card(item, 10**9)
    yield texts.alert(FailureKind.NO_CREDIT, words[:500], "Midjourney (KIE)")
    yield texts.upload_alert(words)
    yield texts.audit(Inspection(1, 1, [], [words] * 10), 0.0)
    yield texts.kie(AccountReport(1.0, 1.0, {}, [Trouble(0.0, "/", words)] * 10))
    for head, line in (
        (texts.open_head(10**9), texts.open_line(item, 10**9)),
        (texts.models_head([model]), texts.model_line(10**6, model)),
        (texts.journal_head(10**9), texts.journal_line(entry)),
        (texts.unreached_head(None), texts.unreached(Unreached(10**15, words))),
    ):
        yield "\n".join([head, *[line] * LINES])


@pytest.mark.parametrize("language", sorted(TEXTS))
@pytest.mark.parametrize("words", NASTY)
def test_what_admins_read(words: str, language: str) -> None:
    for text in pages(words, TEXTS[language]):
        check_message(text)


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_texts_without_anybody_s_words(language: str) -> None:
    texts = TEXTS[language]
    for text in (
        texts.start(DEAR, given=10**9, balance=10**9, max_quantity=10),
        texts.help(DEAR, max_quantity=10),
        texts.privacy(),
        texts.terms([Pack("s" * 32, 10**6, 10**8, 10**8, enabled=True)] * 100),
        texts.paysupport(10**15, range(10**15, 10**15 + 50)),
        texts.forget_question(10**9),
        texts.change_question(Media.IMAGE),
        texts.draw_usage(),
    ):
        check_message(text)
    assert len(texts.change_placeholder()) <= 64


PROMPTS = ("x" + "&" * 1990, "<b>" * 600, "🦊" * 990, "שלום " * 300, "a\n" * 900)


async def test_the_worst_over_http(world: World) -> None:
    anna = await world.customer(tokens=10_000)
    for number, prompt in enumerate(PROMPTS, 1):
        anna.send(prompt)
        await world.pictures(anna, number)
    await world.closed()
    for line in ("&" * 4096, "кот --ar " + "<" * 4000, "🦊" * 2048, "\u202eкот --x" + "&" * 3900):
        anna.send(line)
        await world.telegram.wait_for(
            lambda: not world.telegram.pending_updates  # each is answered, none is lost
        )
    anna.send("/history")
    await world.said(anna, lambda text: text.startswith("Ваши картинки"))
    anna.send("/queue")
    await world.said(anna, lambda text: text.startswith("Ничего не ждёт"))
    refused = [call for call in world.telegram.calls if call.error]
    assert refused == []
