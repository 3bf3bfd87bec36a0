"""The base of all texts: a language, plurals, dates."""

import gettext
from datetime import UTC, datetime

from babel.dates import format_skeleton

from providers.base import Media


class BaseTexts:
    """The sentences of one language. All are Telegram HTML: what a person or a provider wrote is
    quoted, and the whole fits into one message, whatever it holds."""

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

    def results(self, media: Media, number: int) -> str:
        """`2 pictures`, or `2 videos`."""
        if media is Media.FILM:
            return self._n("{n} video", "{n} videos", number).format(n=number)
        return self.pictures(number)


def sentence(text: str) -> str:
    """The text with an end to it."""
    return text if not text or text[-1] in ".!?…" else text + "."
