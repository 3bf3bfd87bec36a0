"""Formatting: HTML into text and entities."""

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.telegram.entities import format_text
from bot.demo.telegram.hypertext import parse_html, utf16_length
from bot.demo.telegram.refusal import RefusedError
from tests.unit.demo.telegram_talk import Talk

HALF_A_CHARACTER = (
    "Text contains invalid Unicode characters after decoding HTML entities, "
    "check for unmatched surrogate code units"
)


def kinds(source: str) -> tuple[str, list[tuple[Any, ...]]]:
    """Text, and of every entity its type, offset, length and what else it says."""
    text, entities = format_text(source, "HTML", may_be_empty=False)
    return text, [
        (
            *(entity.pop(name) for name in ("type", "offset", "length")),
            *(value for value in entity.values() if not isinstance(value, dict)),
        )
        for entity in entities
    ]


@given(st.text())
def test_escaped_text_parses_back_to_itself(text: str) -> None:
    assert parse_html(html.escape(text)) == (text, [])
    parsed, entities = parse_html(f"<b>{html.escape(text, quote=False)}</b>")
    assert parsed == text
    assert [entity["length"] for entity in entities] == [utf16_length(text)] * bool(text)


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a</b><strong>b</strong>", "ab", [("bold", 0, 2)]),
        ("<b>🙂</b> <i>x</i>", "🙂 x", [("bold", 0, 2), ("italic", 3, 1)]),
        ("<i>a<u>b</u></i>", "ab", [("italic", 0, 2), ("underline", 1, 1)]),
        ("<s>a</s> <del>b</del>", "a b", [("strikethrough", 0, 1), ("strikethrough", 2, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", 0, 1)]),
        ("<b><code>a</code></b>", "a", [("code", 0, 1)]),
        ("<pre>a</pre>", "a", [("pre", 0, 1)]),
        ('<a href="http://a.b/?c&amp;d">x</a>', "x", [("text_link", 0, 1, "http://a.b/?c&d")]),
        ('<a href="a.b">x</a>', "x", [("text_link", 0, 1, "http://a.b/")]),
        ('<a href="x">x</a>', "x", []),
        ('<a href="tg://user?id=5">x</a>', "x", [("text_mention", 0, 1)]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="53">👍</tg-emoji>', "👍", [("custom_emoji", 0, 2, "53")]),
        ("&amp; & &lt;d&gt; &quot; &#39; &#x1F642; &nbsp; &lt", "& & <d> \" ' 🙂 &nbsp; <", []),
        ("<B>a</b>", "a", [("bold", 0, 1)]),
        ("<b>a</>", "a", [("bold", 0, 1)]),
        # Blanks are cut up to the first entity.
        (" \n <b> a </b> \n", " a", [("bold", 0, 2)]),
        ("a\r\nb\tc", "a\nb c", []),
        ("/x http://a.b.", "/x http://a.b.", [("bot_command", 0, 2), ("url", 3, 10)]),
    ],
)
def test_html(source: str, text: str, entities: list[tuple[Any, ...]]) -> None:
    assert kinds(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("ж<x>", 'Unsupported start tag "x" at byte offset 2'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("2 < 3", 'Unsupported start tag "" at byte offset 2'),
        ("a <3", "Unclosed start tag at byte offset 2"),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("</b>", "Unexpected end tag at byte offset 0"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href=", 'Unclosed start tag "a" at byte offset 0'),
        ("<a =x>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x/y>z</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji>a</tg-emoji>", "Invalid custom emoji identifier specified"),
        ("&#xd83d;", HALF_A_CHARACTER),
    ],
)
def test_html_that_is_refused(source: str, words: str) -> None:
    with pytest.raises(RefusedError) as caught:
        format_text(source, "html", may_be_empty=True)
    assert caught.value.description == f"Bad Request: can't parse entities: {words}"


def test_other_modes_and_text_that_is_no_utf_8() -> None:
    for mode in ("BBCode", "MarkdownV2", "Markdown"):
        with pytest.raises(RefusedError, match="unsupported parse_mode"):
            format_text("a", mode, may_be_empty=True)
    with pytest.raises(RefusedError, match="strings must be encoded in UTF-8"):
        format_text("\ud800", None, may_be_empty=True)


@given(st.text("<>/=\"' &;#xa\n\r\0bicodepre-tgmu!ж🙂"))
def test_whatever_is_sent_is_parsed_or_refused(source: str) -> None:
    try:
        text, entities = format_text(source, "HTML", may_be_empty=True)
    except RefusedError:
        return
    for entity in entities:
        assert 0 < entity["length"] <= utf16_length(text) - entity["offset"]


async def test_who_is_mentioned_by_id_is_whole_or_not_mentioned(talk: Talk) -> None:
    text = '<a href="tg://user?id=1001">Анна</a> и <a href="tg://user?id=5">никто</a>'
    sent = await talk.done("sendMessage", chat_id=1001, text=text, parse_mode="HTML")
    (mention,) = sent["entities"]
    assert mention["user"]["first_name"] == "Анна"
    same = {"chat_id": 1001, "message_id": sent["message_id"], "text": text, "parse_mode": "HTML"}
    assert (await talk.refusal("editMessageText", **same)).startswith("message is not modified")
