"""The catalogues hold what the code says: all of it, nothing else, and well."""

import string
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.texts import language_of, load_texts
from bot.texts.catalogues import DEFAULT_LANGUAGE, LOCALES_DIR, SOURCE_LANGUAGE, load_catalogues

ROOT = Path(__file__).parents[3]
KEYWORDS = {"_": None, "_n": (1, 2)}
PO_FILES = sorted(LOCALES_DIR.glob("*.po"))


@cache
def said() -> set[str | tuple[str, str]]:
    """Every sentence in the code, a pair where it has a plural."""
    found = set()
    for room in ("bot", "handlers"):
        for _, _, message, _, _ in extract_from_dir(
            ROOT / room, [("**.py", "python")], {"**.py": {}}, KEYWORDS
        ):
            found.add(message if isinstance(message, str) else (message[0], message[1]))
    return found


def read(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=path.stem)


def messages() -> list[tuple[str, Message]]:
    return [(path.stem, message) for path in PO_FILES for message in read(path) if message.id]


def placeholders(text: str) -> set[str | None]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def forms(either: object) -> list[str]:
    return [either] if isinstance(either, str) else list(either)  # type: ignore[call-overload]


def test_there_is_something_to_compare() -> None:
    assert len(said()) > 40
    assert ("{n} token", "{n} tokens") in said()
    assert [path.stem for path in PO_FILES] == ["ru"]


@pytest.mark.parametrize("path", PO_FILES, ids=lambda path: path.stem)
def test_a_catalogue_holds_exactly_what_is_said(path: Path) -> None:
    translated = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in read(path)
        if message.id
    }
    assert said() - translated == set(), "not translated"
    assert translated - said() == set(), "not said any more"
    assert not read(path).obsolete


@pytest.mark.parametrize(("language", "message"), messages())
def test_a_translation_is_whole(language: str, message: Message) -> None:
    assert not message.fuzzy
    assert not list(message.check()), "babel finds something wrong with it"
    expected = set().union(*(placeholders(form) for form in forms(message.id)))
    translated = forms(message.string)
    if not isinstance(message.id, str):
        assert len(translated) == 3 if language == "ru" else len(translated) >= 1
    for form in translated:
        assert form.strip(), f"no translation of {message.id}"
        one = form is translated[0] and not isinstance(message.id, str)
        assert placeholders(form) in (expected, placeholders(message.id[0]) if one else expected)
        # A sentence keeps its edges: texts are put together from several.
        assert (form[0] == " ", form[-1] == " ") == (
            forms(message.id)[0][0] == " ",
            forms(message.id)[0][-1] == " ",
        )


def test_plurals() -> None:
    texts = load_texts()
    counts = (0, 1, 3, 5, 11, 21, 112)
    assert [texts["ru"].tokens(count) for count in counts] == [
        "0 токенов",
        "1 токен",
        "3 токена",
        "5 токенов",
        "11 токенов",
        "21 токен",
        "112 токенов",
    ]
    assert [texts["ru"].pictures(count) for count in (1, 3, 5, 21)] == [
        "1 картинка",
        "3 картинки",
        "5 картинок",
        "21 картинка",
    ]
    assert [texts["en"].tokens(count) for count in (0, 1, 3, 21)] == [
        "0 tokens",
        "1 token",
        "3 tokens",
        "21 tokens",
    ]
    assert texts["ru"].balance(21, None) == "21 токен остался."


def test_another_language_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "de.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "{n} token"\nmsgid_plural "{n} tokens"\n'
        'msgstr[0] "{n} Jeton"\nmsgstr[1] "{n} Jetons"\n',
        encoding="utf-8",
    )
    catalogues = load_catalogues(tmp_path)
    assert set(catalogues) == {"en", "de"}
    assert catalogues["de"].ngettext("{n} token", "{n} tokens", 2) == "{n} Jetons"
    assert catalogues["de"].gettext("not there") == "not there"


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("ru", "ru"),
        ("en", "en"),
        ("en-GB", "en"),
        ("RU", "ru"),
        ("tr", DEFAULT_LANGUAGE),
        ("pt-br", DEFAULT_LANGUAGE),
        ("", DEFAULT_LANGUAGE),
        (None, DEFAULT_LANGUAGE),
    ],
)
def test_the_language_of_a_person(code: str | None, language: str) -> None:
    assert language_of(code, load_texts()) == language


def test_the_default_is_there() -> None:
    assert {SOURCE_LANGUAGE, DEFAULT_LANGUAGE} <= set(load_texts())
