"""docs/models.md against the declarations."""

from tests.models_page import PAGE, page


async def test_the_page_of_models_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == await page(), "make models writes it anew"
