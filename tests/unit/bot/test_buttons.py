"""What buttons send: old ones stay in people's chats, and forged ones name nothing."""

import pytest

from bot.admin.broadcast import BroadcastButton
from bot.cards import pager
from bot.cards.models import ModelButton, PanelButton
from bot.cards.result import AgainButton, ChangeButton, InputButton, OriginalButton
from bot.cards.settings import SettingButton
from bot.telegram.buttons import ButtonData, CancelButton, HeldButton, QuestionButton
from handlers.admin.jobs import OpenButton
from handlers.admin.people import BanButton, GiveButton, UnbanButton
from handlers.history import DropButton, DropHeldButton, PageButton, ShowButton
from handlers.legal import ForgetButton

WIRE = [
    ("cancel:7", CancelButton(job_id=7)),
    ("held:-90", HeldButton(held_by=-90)),
    ("ask:never:12", QuestionButton(answer="never", message_id=12)),
    ("again:5:79", AgainButton(item_id=5, price=79)),
    ("change:5", ChangeButton(item_id=5)),
    ("input:5", InputButton(item_id=5)),
    ("original:5", OriginalButton(item_id=5)),
    ("history:older:5", PageButton(side="older", item_id=5)),
    ("show:5", ShowButton(item_id=5)),
    ("drop:7", DropButton(job_id=7)),
    ("queue:held:-90", DropHeldButton(held_by=-90)),
    ("forget:yes:158", ForgetButton(answer="yes", tokens=158)),
    ("page:models:2", pager.PageButton(what="models", number=2)),
    ("set:ar", SettingButton(what="ar")),
    ("set:model@4", SettingButton(what="model", page=4)),
    ("set:ar:4:3", SettingButton(what="ar", value="4:3")),
    ("panel:models", PanelButton(room="models")),
    ("panel:numbers:30", PanelButton(room="numbers", days=30)),
    ("model:list:2", ModelButton(page=2)),
    ("model:one:2:kling", ModelButton(verb="one", page=2, slug="kling")),
    (
        "model:set:1:kling:duration=10:336:0",
        ModelButton(verb="set", slug="kling", value="duration=10", seen=336, to=0),
    ),
    ("model:set:1:gpt::24:26", ModelButton(verb="set", slug="gpt", seen=24, to=26)),
    ("jobs:list:2", OpenButton(verb="list", page=2)),
    ("jobs:end:2:5", OpenButton(verb="end", page=2, item_id=5)),
    ("give:1001:500:3", GiveButton(user_id=1001, amount=500, entry_id=3)),
    ("ban:1001", BanButton(user_id=1001)),
    ("unban:1001", UnbanButton(user_id=1001)),
    ("broadcast:go:4", BroadcastButton(verb="go", broadcast_id=4)),
]


@pytest.mark.parametrize(("wire", "meant"), WIRE, ids=[wire for wire, _ in WIRE])
def test_a_button_says_what_those_in_people_s_chats_say(wire: str, meant: ButtonData) -> None:
    assert meant.pack() == wire
    assert type(meant).unpack(wire) == meant


def test_buttons_from_before_a_field_was_added_are_read() -> None:
    assert AgainButton.unpack("again:5") == AgainButton(item_id=5)
    assert ForgetButton.unpack("forget:yes").tokens < 0, "fewer than any balance: asked anew"
    assert PanelButton.unpack("panel:numbers").days is None


@pytest.mark.parametrize("said", ["", "x", "-5", "+5", " 5", "5_0", "٥", "9" * 16])
def test_what_is_no_number_names_nothing(said: str) -> None:
    assert CancelButton.unpack(f"cancel:{said}") == CancelButton()
    assert AgainButton.unpack(f"again:5:{said}") == AgainButton()
    assert HeldButton.unpack(f"held:x{said}") == HeldButton()
    assert SettingButton.unpack(f"set:model@{said}") == SettingButton(what="model")


@pytest.mark.parametrize(
    ("button", "said"),
    [
        (CancelButton, "cancel"),
        (SettingButton, "set"),
        (SettingButton, "settle:ar"),
        (CancelButton, "cancelled:1"),
        (QuestionButton, "ask:maybe:1"),
        (QuestionButton, "ask:yes:--5"),
        (QuestionButton, "ask:no"),
        (PageButton, "history:"),
        (PageButton, "history:older:x"),
        (GiveButton, "give:1001:0:0"),
        (GiveButton, "give:1001:-5:0"),
        (GiveButton, "give:1001:1000000000:0"),
        (DropHeldButton, "queue"),
        (ForgetButton, "forget:no"),
    ],
)
def test_what_has_another_form_is_none_of_the_family(button: type[ButtonData], said: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        button.unpack(said)
