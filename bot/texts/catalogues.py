"""Catalogues: `.po` files, one per language, compiled in memory at the start.

English is written in the code and needs no catalogue; another language is one file.
"""

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES_DIR = Path(__file__).parent / "locales"
SOURCE_LANGUAGE = "en"
DEFAULT_LANGUAGE = "ru"  # for people whose Telegram speaks none of ours


@cache
def load_catalogues(folder: Path = LOCALES_DIR) -> dict[str, gettext.NullTranslations]:
    """All languages there are, by code."""
    catalogues = {SOURCE_LANGUAGE: gettext.NullTranslations()}
    for path in sorted(folder.glob("*.po")):
        compiled = io.BytesIO()
        with path.open("rb") as source:
            write_mo(compiled, read_po(source, locale=path.stem))
        compiled.seek(0)
        catalogues[path.stem] = gettext.GNUTranslations(compiled)
    return catalogues
