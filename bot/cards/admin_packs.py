"""The cards of /admin for packs of tokens: their list, and a pack with its price in Stars.

A button that sets the price says from what and to what, as those of models do.
"""

from collections.abc import Sequence

from bot.cards.models import COLUMNS, STEPS, PanelButton
from bot.telegram.buttons import Button, ButtonData, Keyboard, Number
from bot.texts import Texts
from bot.texts.admin_packs import MAX_STARS, MOST_SHOWN
from storage.packs import Pack


class AdminPackButton(ButtonData, prefix="packs"):
    """The list ("list"), or a pack ("one"), which goes on sale ("on") or off it ("off"), or is
    sold for so many Stars ("set"), where it was sold for others."""

    verb: str = "list"
    slug: str = ""
    seen: Number | None = None
    to: Number | None = None


def pack_list(texts: Texts, packs: Sequence[Pack], picture: int | None) -> tuple[str, Keyboard]:
    """All packs, and a button for each."""
    buttons = [
        Button(pack.slug, AdminPackButton(verb="one", slug=pack.slug).pack())
        for pack in packs[:MOST_SHOWN]
    ]
    rows = [buttons[at : at + COLUMNS] for at in range(0, len(buttons), COLUMNS)]
    back = Button(texts.panel_back(), PanelButton(room="all").pack())
    return texts.admin_packs(packs, picture), (*rows, (back,))


def pack_card(texts: Texts, pack: Pack, picture: int | None) -> tuple[str, Keyboard]:
    """A pack: whether it is sold, and for how much."""
    verb = "off" if pack.enabled else "on"
    switch = Button(
        texts.pack_switch_button(pack), AdminPackButton(verb=verb, slug=pack.slug).pack()
    )
    steps = [
        Button(
            texts.pack_step_button(percent, stars),
            AdminPackButton(verb="set", slug=pack.slug, seen=pack.stars, to=stars).pack(),
        )
        for percent in STEPS
        if 1 <= (stars := _stepped(pack.stars, percent)) <= MAX_STARS
    ]
    copy = Button(texts.copy_command_button(), copy=texts.pack_command(pack))
    back = Button(texts.panel_back(), AdminPackButton().pack())
    return texts.admin_pack(pack, picture), ((switch,), steps, (copy,), (back,))


def _stepped(stars: int, percent: int) -> int:
    """By one Star at least."""
    step = max(stars * abs(percent) // 100, 1)
    return stars + step if percent > 0 else stars - step
