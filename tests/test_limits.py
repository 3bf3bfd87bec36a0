"""No message breaks a limit of Telegram's, whatever people write.

Every text that holds somebody's words is made with such words and read as Telegram reads it, by
the emulator's own parser; the worst go over HTTP as well.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.telegram.entities import check_caption, check_text, format_text
from bot.demo.telegram.hypertext import utf16_length
from bot.failures import FailureKind
from bot.keyboards import Keyboard
from bot.picture_buttons import picture_keyboard
from bot.prompt import PARAMS, PromptError, parse
from bot.texts import Texts, load_texts
from storage.catalogue import Model
from storage.gallery import Kept, Page
from storage.images import Image, ImageStatus, Job, JobView
from storage.questions import PricedRequest
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
languages = st.sampled_from(sorted(TEXTS))


def view_of(prompt: str, **params: Any) -> JobView:
    job = Job(
        job_id=1,
        user_id=1,
        chat_id=1,
        message_id=1,
        progress_message_id=None,
        model="m",
        prompt=prompt,
        params={"aspect_ratio": "16:9", **params},
        options={},
        price=79,
        language="ru",
        created_at=0.0,
        closed_at=None,
        input_file_id=None,
        input_url=None,
        input_uploaded_at=None,
        reply_to_message_id=None,
    )
    images = [
        Image(
            image_id=number,
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
            failure=FailureKind.GENERATION_FAILED if status is ImageStatus.FAILED else None,
            failure_detail=prompt,
            finished_at=None,
            drawn_s=None,
            stored_url=None,
            store_attempts=0,
            store_after=None,
            sent_file_id=None,
            sent_as=None,
        )
        for number, status in enumerate(
            (ImageStatus.DELIVERED, ImageStatus.FAILED, ImageStatus.FAILED, ImageStatus.QUEUED), 1
        )
    ]
    return JobView(job, images, prompt[:60] or "M", "midjourney", 10**9)


def check_message(text: str) -> None:
    shown, _ = format_text(text, "HTML", None, may_be_empty=False)
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
    for image in view.images:
        caption, _ = format_text(texts.caption(view, image), "HTML", None, may_be_empty=False)
        check_caption(caption)
        check_buttons(picture_keyboard(texts, view, image))


@settings(max_examples=150, deadline=None)
@given(prompt=words, language=languages)
def test_lists_and_progress(prompt: str, language: str) -> None:
    texts = TEXTS[language]
    view = view_of(prompt or "x")
    page = Page([Kept(10**15, prompt, 0.0)] * 5, has_newer=True, has_older=True)
    check_message(texts.history(page))
    check_message(texts.queue([(view, 10**6)] * 10))
    check_message(texts.progress(view, product="Midjourney (KIE)", place=None, left_s=4000.0))
    check_message("\n".join(texts.failures(view, product="Midjourney (KIE)")))
    for kind in FailureKind:
        check_message(texts.failure(kind, prompt, "Midjourney (KIE)") + ".")


@settings(max_examples=150, deadline=None)
@given(prompt=words, flag=st.sampled_from(("", "--ar ", "--n ", "--no ", "--opt ", "--x", "--")))
def test_refusals_of_any_line(prompt: str, flag: str) -> None:
    for line in (f"{flag}{prompt}", f"{prompt} {flag}{prompt}", f"кот {flag}{prompt[:3900]}"):
        try:
            parse(line, max_quantity=4)
        except PromptError as error:
            for texts in TEXTS.values():
                check_message(texts.prompt_error(error))


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
    priced = PricedRequest(
        chat_id=1,
        message_id=1,
        user_id=1,
        model="m",
        prompt=prompt or "x",
        quantity=4,
        params={**PARAMS, "negative_prompt": prompt[:2500]},
        options={"x": prompt[:1000]},
        named=frozenset(),
        price=79,
        language=texts.language,
        input_file_id="x",
    )
    yield lambda: texts.model_takes_no_picture(prompt[:60])
    yield lambda: texts.question(priced, model, 10**9, prompt[:60])
    yield lambda: texts.model_went_off_sale(prompt[:60])
    yield lambda: texts.negative_kept(prompt)
    yield lambda: texts.models([model] * 10, "m")
    yield lambda: texts.maintenance(prompt)
    yield lambda: texts.banned(prompt)


@settings(max_examples=100, deadline=None)
@given(prompt=words, language=languages)
def test_cards_and_questions(prompt: str, language: str) -> None:
    for make in about(prompt, TEXTS[language]):
        check_message(make())


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_texts_without_anybody_s_words(language: str) -> None:
    texts = TEXTS[language]
    for text in (
        texts.start(given=10**9, balance=10**9, price=10**6, max_quantity=10),
        texts.help(price=10**6, max_quantity=10),
        texts.privacy(),
        texts.terms(),
        texts.paysupport(10**15, range(10**15, 10**15 + 50)),
        texts.forget_question(10**9),
        texts.change_question(),
        texts.draw_usage(),
    ):
        check_message(text)
    assert len(texts.change_placeholder()) <= 64


PROMPTS = ("&" * 1990, "<b>" * 600, "🦊" * 990, "שלום " * 300, "a\n" * 900)


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
