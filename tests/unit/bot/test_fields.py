"""Every kind of field on the card, in the question and in the help, by a product made for it."""

import pytest

from bot.cards.settings import Shelf, awaited_field, card, choices, options
from bot.prompts.errors import EmptyPromptError, QuantityTooHighError
from bot.texts import load_texts
from providers.base import ByInput, Field, Flag, Media, Number, OneOf, Product, Text, Url
from providers.order import Order, Origin
from providers.products import PRODUCTS
from storage.catalogue import Model
from storage.preferences import Awaited, Preferences
from storage.questions import Question

TEXTS = load_texts()
TOY = Product(
    key="toy",
    name="Toy <film>",
    media=Media.FILM,
    models=ByInput("toy/text"),
    fields=(
        Field(
            "duration",
            "duration",
            OneOf("5", "10"),
            default="5",
            title={"en": "Length, s", "ru": "Длина, с"},
        ),
        Field("sound", "sound", Flag(), title={"en": "Sound", "ru": "Звук"}),
        Field("strength", "strength", Number(0, 1000)),
        Field("mood", "mood", Text(20), title={"en": "Mood", "ru": "Настроение"}),
        Field("ref", "ref", Url(), option=True),
        Field("q", "resolution", OneOf("720p", "4K"), default="720p"),
    ),
    settings=("duration", "sound", "strength", "mood"),
    caption=("duration",),
)
MODEL = Model("toy-1", "Toy", "toy", "", 0, 10, True, 1, {}, 0)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRODUCTS, "toy", TOY)


def shelf(**params: object) -> Shelf:
    own = Preferences(params={"toy": params, "midjourney": {"duration": "7"}})
    return Shelf(own, [MODEL], MODEL, ["en", "ru"], 4, 100)


def test_the_card_shows_what_is_declared_and_kept() -> None:
    text, keyboard = card(TEXTS["ru"], shelf(sound=True, strength=300, mood="<тихо>"))
    assert text.splitlines()[1:6] == [
        "Модель: Toy",
        "Длина, с: 5",
        "Звук: да",
        "--strength: 300",
        "Настроение: &lt;тихо&gt;",
    ]
    assert [button.data for row in keyboard for button in row] == [
        f"set:{what}" for what in ("model", "duration", "sound", "strength", "mood", "ask", "lang")
    ]
    text, _ = card(TEXTS["en"], shelf(duration="7", mood="x" * 21, strength=True))
    assert text.splitlines()[2:6] == ["Length, s: 5", "Sound: no", "--strength: —", "Mood: —"]


def test_a_menu_has_what_can_be_chosen() -> None:
    def offered(what: str, **params: object) -> list[tuple[str, object, bool]]:
        found = choices(TEXTS["en"], shelf(**params), what)
        return [(each.value, next(iter(each.changes.values())), each.chosen) for each in found]

    assert offered("duration", duration="10") == [("5", "5", False), ("10", "10", True)]
    assert offered("sound") == [("on", True, False), ("-", None, True)]
    assert offered("strength", strength=300)[:4] == [
        ("0", 0, False),
        ("100", 100, False),
        ("200", 200, False),
        ("300", 300, True),
    ]
    assert offered("mood") == []
    assert offered("mood", mood="quiet") == [("-", None, False)]
    assert offered("q") == [], "not among the settings"
    text, keyboard = options(TEXTS["en"], shelf(mood="quiet"), "mood")
    assert text == "<b>Mood</b>: quiet"
    assert [button.data for row in keyboard for button in row] == [
        "set:mood:?",
        "set:mood:-",
        "set:card",
    ]


def test_a_text_is_asked_for_by_its_name() -> None:
    field = awaited_field(Awaited("toy", "mood"), TOY)
    assert field is not None
    assert TEXTS["ru"].write_words(field).startswith("Настроение: напишите следующим сообщением")
    assert TEXTS["en"].words_kept(field, "calm") == "Mood is now “calm”. Nothing was charged."
    assert TEXTS["en"].words_too_long(field, "x" * 20) == ""
    assert "the limit is 20" in TEXTS["en"].words_too_long(field, "x" * 21)
    for gone in (None, Awaited("toy", "duration"), Awaited("toy", "x")):
        assert awaited_field(gone, TOY) is None
    assert awaited_field(Awaited("gone", "mood"), None) is None


EMPTY = {
    "ru": "Нет описания видео. Напишите, что должно происходить, а флаги — после описания,"
    " например: <code>лиса бежит по снегу --duration 10</code>. Ничего не списано.",
    "en": "The prompt is empty. Describe the video and put the flags after that, like this:"
    " <code>a fox runs through the snow --duration 10</code>. Nothing was charged.",
}


@pytest.mark.parametrize("language", EMPTY)
def test_a_film_is_not_spoken_of_as_a_picture(language: str) -> None:
    texts = TEXTS[language]
    assert texts.prompt_error(EmptyPromptError(), TOY) == EMPTY[language]
    too_many = texts.prompt_error(QuantityTooHighError(5, 4), TOY)
    assert too_many.startswith({"ru": "5 видео за раз", "en": "5 videos at once"}[language])
    unwanted = Field("no", "negative_prompt", Text(500))
    field_help = texts.field_help(unwanted)
    assert field_help is not None
    for each in (texts.field_hint(unwanted), field_help[1], texts.write_words(unwanted)):
        assert "картин" not in each
        assert "picture" not in each


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_the_help_says_what_each_flag_is_for(product: Product) -> None:
    for texts in TEXTS.values():
        untold = {each.flag for each in product.fields if texts.field_help(each) is None}
        assert not untold or product is PRODUCTS["midjourney"], (
            "Midjourney's own explain themselves"
        )


def test_the_question_and_the_help() -> None:
    order = Order(
        "toy-1",
        "cat",
        params={
            "duration": "10",
            "sound": True,
            "strength": 7,
            "mood": "a & b",
            "resolution": "4K",
        },
        options={"ref": "https://a.b/c"},
    )
    question = Question(order, Origin(1, 1, 1, "en"), 10)
    lines = TEXTS["en"].question(question, MODEL, 100, None).splitlines()
    facts = "Toy · 10 s · sound · strength 7 · ref https://a.b/c · q 4K"
    assert lines[2:4] == [facts, "Mood: a &amp; b"]
    said = TEXTS["en"].help(MODEL, max_quantity=4)
    assert "<code>--duration 10</code> — duration in seconds: 5 or 10" in said
    assert "<code>--sound</code> — sound\n" in said
    assert "<code>--strength</code> <code>--ref</code>" in said
    assert "these work as in Toy &lt;film&gt; itself" in said
