"""Every sentence the bot says, in the language of the one it says it to.

English stands here; `bot/locales/*.po` hold the others. One file a subject.
"""

from collections.abc import Mapping

from bot.i18n import DEFAULT_LANGUAGE, load_catalogues
from bot.texts.admin import AdminTexts
from bot.texts.person import PersonTexts
from bot.texts.requests import RequestTexts


class Texts(PersonTexts, RequestTexts, AdminTexts):
    """All sentences of one language."""


def load_texts() -> Mapping[str, Texts]:
    """The texts of every language there is, by code."""
    return {code: Texts(code, each) for code, each in load_catalogues().items()}


def language_of(languagecode: str | None, known: Mapping[str, object]) -> str:
    """Which of our languages to speak with someone, by what their Telegram says."""
    code = (languagecode or "").split("-")[0].lower()
    return code if code in known else DEFAULT_LANGUAGE
