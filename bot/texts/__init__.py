"""Every message of the bot, in the language of its reader.

The English is in the code, one file per subject; `bot/texts/locales/*.po` hold the translations.
"""

from collections.abc import Mapping

from bot.texts.added_models import AddedModelTexts
from bot.texts.admin_models import AdminModelTexts
from bot.texts.admin_packs import AdminPackTexts
from bot.texts.admin_people import AdminPeopleTexts
from bot.texts.admin_service import AdminServiceTexts
from bot.texts.audit import AuditTexts
from bot.texts.broadcast import BroadcastTexts
from bot.texts.buying import BuyingTexts
from bot.texts.catalogues import DEFAULT_LANGUAGE, load_catalogues
from bot.texts.groups import GroupTexts
from bot.texts.history import HistoryTexts
from bot.texts.invitations import InvitationTexts
from bot.texts.legal import LegalTexts
from bot.texts.open_jobs import OpenJobTexts
from bot.texts.panel import PanelTexts
from bot.texts.person import PersonTexts
from bot.texts.pictures import PictureTexts
from bot.texts.promos import PromoTexts
from bot.texts.refunds import RefundTexts
from bot.texts.requests import RequestTexts
from bot.texts.settings import SettingsTexts
from bot.texts.transfers import TransferTexts


class Texts(
    PersonTexts,
    RequestTexts,
    AdminModelTexts,
    AddedModelTexts,
    AdminPackTexts,
    RefundTexts,
    TransferTexts,
    AdminPeopleTexts,
    PanelTexts,
    AdminServiceTexts,
    OpenJobTexts,
    AuditTexts,
    BroadcastTexts,
    SettingsTexts,
    PictureTexts,
    HistoryTexts,
    GroupTexts,
    LegalTexts,
    PromoTexts,
    InvitationTexts,
    BuyingTexts,
):
    """All sentences of one language."""


def load_texts() -> Mapping[str, Texts]:
    """The texts of every language there is, by code."""
    return {code: Texts(code, each) for code, each in load_catalogues().items()}


def language_of(languagecode: str | None, known: Mapping[str, object]) -> str:
    """Which of our languages to speak with someone, by what their Telegram says."""
    code = (languagecode or "").split("-")[0].lower()
    return code if code in known else DEFAULT_LANGUAGE
