"""What all texts are made of: a language, numbers, and quoting."""

import gettext
from datetime import UTC, datetime
from html import escape

from babel.dates import format_skeleton


class BaseTexts:
    """The sentences of one language. All are Telegram HTML: what a person or a provider wrote is
    quoted, and nothing comes near Telegram's limits, whatever it holds."""

    def __init__(self, language: str, translations: gettext.NullTranslations) -> None:
        self.language = language
        self._ = translations.gettext
        self._n = translations.ngettext

    def tokens(self, number: int) -> str:
        """`79 tokens`."""
        return self._n("{n} token", "{n} tokens", number).format(n=number)

    def day(self, at: float) -> str:
        """`22 Nov`, as the language has it; in UTC."""
        return str(format_skeleton("MMMd", datetime.fromtimestamp(at, UTC), locale=self.language))

    def pictures(self, number: int) -> str:
        """`2 pictures`."""
        return self._n("{n} picture", "{n} pictures", number).format(n=number)


def code(text: str, length: int = 200) -> str:
    """What a tap copies."""
    return f"<code>{quoted(text, length)}</code>"


def quoted(text: str, length: int) -> str:
    """Somebody else's words, in at most so many characters."""
    return escape(clip(text, length), quote=False)


def clip(text: str, length: int) -> str:
    """The text in at most so many characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def units(text: str) -> int:
    """The length as Telegram's entities count it: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip_units(text: str, length: int) -> str:
    """The text in at most so many UTF-16 units."""
    if units(text) <= length:
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: 2 * (length - 1)]
    return cut.decode("utf-16-le", "ignore") + "…"


def sentence(text: str) -> str:
    """The text with an end to it."""
    return text if not text or text[-1] in ".!?…" else text + "."
