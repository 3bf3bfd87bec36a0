"""Whatever people and admins wrote, the cards stay within Telegram's limits and are good HTML."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.cards.pager import LINES
from bot.cards.settings import Shelf, card, options
from bot.demo.telegram.hypertext import parse_html, utf16_length
from bot.telegram.buttons import Keyboard
from bot.texts import load_texts
from providers.order import Order, Origin
from providers.products import PRODUCTS
from storage.catalogue import Model
from storage.ledger import Movement
from storage.preferences import Preferences
from storage.questions import Question

TEXTS = load_texts()
MIDJOURNEY = PRODUCTS["midjourney"]
NEGATIVE = MIDJOURNEY.fields[2]
PROMPT_CHARS, NEGATIVE_CHARS = 2000, 2500
DEFAULTS = {each.param: each.default for each in MIDJOURNEY.fields if each.default is not None}
MAX_TEXT = 4096
MAX_DATA_BYTES = 64

pieces = st.sampled_from(
    ["&", "<b>", "</blockquote>", "🦊", "👩‍👩‍👧", "\u202eשלום", "«", "x", " ", "\n"]
)


def words(limit: int) -> st.SearchStrategy[str]:
    """Text that is hard to quote, of any length up to the limit."""
    return st.builds(
        lambda piece, end, times: (piece * times + end)[:limit] or "x",
        pieces,
        st.text(max_size=20),
        st.integers(1, limit),
    )


def model(name: str, description: str, place: int = 1) -> Model:
    return Model(f"m{place}", name, "midjourney", description, 0, 1_000_000, True, place, {}, 0)


def check(text: str, keyboard: Keyboard = ()) -> None:
    shown, _ = parse_html(text)
    assert 0 < utf16_length(shown) <= MAX_TEXT
    for button in (button for row in keyboard for button in row):
        assert 1 <= len(button.data.encode()) <= MAX_DATA_BYTES
        assert button.text.strip()
    assert all(1 <= len(row) <= 8 for row in keyboard)


@pytest.mark.parametrize("language", TEXTS)
@given(name=words(200), about=words(4000), negative=words(NEGATIVE_CHARS))
@example(name="🦊" * 60, about="🦊" * 4000, negative="🦊" * NEGATIVE_CHARS)
@settings(max_examples=25)
def test_the_card_and_its_menus(language: str, name: str, about: str, negative: str) -> None:
    texts = TEXTS[language]
    shelf = Shelf(
        Preferences("gone", 10, params={"midjourney": {"negative_prompt": negative}}),
        [model(name, about, place) for place in range(1, 3 * LINES)],
        model(name, about, 99),
        list(TEXTS),
        10,
        10**12,
    )
    check(*card(texts, shelf))
    for what in shelf.whats:
        check(*options(texts, shelf, what))
    for page in (1, 2, 3, 99):
        check(*options(texts, shelf, "model", page))
    check(texts.words_kept(NEGATIVE, negative))
    check(texts.model_went_off_sale(name))


@pytest.mark.parametrize("language", TEXTS)
@given(prompt=words(PROMPT_CHARS), name=words(200), option=words(4000))
@settings(max_examples=25)
def test_the_question_and_the_balance(language: str, prompt: str, name: str, option: str) -> None:
    texts = TEXTS[language]
    extra = ("chaos", "seed", "style", "mode", "aspect_ratio", "quality", "cfg_scale")
    order = Order(
        model="m1",
        prompt=prompt,
        quantity=10,
        params={**DEFAULTS, "negative_prompt": option[:NEGATIVE_CHARS]},
        options=dict.fromkeys(extra, option),
        inputs=("x",),
    )
    question = Question(order, Origin(1, 1, 1, language, late=True), 1_000_000)
    check(texts.question(question, model(name, ""), 10**12, name))
    kinds = ("welcome", "grant", "charge", "refund", "later")
    movements = [Movement(kind, -1_000_000, 10, prompt, 1.8e9) for kind in kinds] * 2
    check(texts.balance(10**12, model(name, ""), movements))
