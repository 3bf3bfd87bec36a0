"""Texts for the admins about packs of tokens: what is sold, for how many Stars."""

from collections.abc import Sequence

from bot.telegram.html import code
from bot.texts.admin import AdminTexts
from storage.journal import Entry
from storage.packs import Pack

MAX_STARS = 100_000  # of an invoice; what Telegram takes is not published
MAX_TOKENS = 1_000_000  # and as many as a gift
MOST_SHOWN = 40
SLUG_SHOWN = 40


class AdminPackTexts(AdminTexts):
    """/packs, /pack, /packon, /packoff."""

    def admin_packs(self, packs: Sequence[Pack], picture: int | None) -> str:
        """All of them; `picture` is what a picture costs of the model that stands first."""
        on_sale = sum(pack.enabled for pack in packs)
        head = self._("Packs: {n}, on sale: {on_sale}.").format(n=len(packs), on_sale=on_sale)
        lines = [self.admin_pack(pack, picture) for pack in packs[:MOST_SHOWN]]
        example = packs[0] if packs else Pack("small", 50, 395, 0, enabled=True)
        how = self._("To change or add one: {command}").format(
            command=code(self.pack_command(example))
        )
        return "\n".join([head, *lines, how])

    def admin_pack(self, pack: Pack, picture: int | None) -> str:
        """One, as it is now."""
        parts = [code(pack.slug), self._holds(pack.stars, pack.tokens, pack.bonus)]
        if picture:
            parts.append(self.pictures(pack.total // picture))
        parts.append(self._("for sale") if pack.enabled else self._("not for sale"))
        return f"{'✅' if pack.enabled else '🚫'} " + " · ".join(parts)

    def pack_command(self, pack: Pack) -> str:
        """What sets it to what it is: to be copied, and changed."""
        bonus = f" {pack.bonus}" if pack.bonus else ""
        return f"/pack {pack.slug} {pack.stars} {pack.tokens}{bonus}"

    def pack_usage(self) -> str:
        """How to use /pack."""
        usage = self.usage(
            "/pack SLUG STARS TOKENS [BONUS]", "/pack small 50 395", "/pack medium 200 1580 158"
        )
        limits = self._("Up to {stars} ★, {tokens} and as many as a gift.").format(
            stars=MAX_STARS, tokens=self.tokens(MAX_TOKENS)
        )
        return f"{usage} {limits}"

    def pack_set(self, entry: Entry, pack: Pack) -> str:
        """What a pack holds and costs now."""
        slug, after = code(entry.subject), self._entry_holds(entry.after)
        if not entry.before:
            return self._("{pack} is new: {after}. It is on sale, after the others.").format(
                pack=slug, after=after
            )
        text = self._("{pack}: now {after}, before {before}. What was paid is not changed.").format(
            pack=slug, after=after, before=self._entry_holds(entry.before)
        )
        if not pack.enabled:
            text += " " + self._("It is off sale: {command}").format(
                command=code(f"/packon {pack.slug}")
            )
        return text

    def pack_switch_usage(self, command: str) -> str:
        """How to use /packon and /packoff."""
        return self.usage(f"/{command} SLUG", f"/{command} small")

    def pack_switched(self, entry: Entry, *, none_left: bool) -> str:
        """On sale, or not any more."""
        if entry.before == entry.after and entry.after == "1":
            text = self._("{pack} is on sale already. Nothing was changed.")
        elif entry.before == entry.after:
            text = self._("{pack} is off sale already. Nothing was changed.")
        elif entry.after == "1":
            text = self._("{pack} is on sale.")
        else:
            text = self._(
                "{pack} is off sale: its invoices cannot be paid any more. What was paid stays."
            )
        if none_left:
            text += " " + self._("No pack is on sale now, so nobody can buy tokens.")
        return text.format(pack=code(entry.subject))

    def no_such_pack(self, given: str, packs: Sequence[Pack]) -> str:
        """There is none of that slug."""
        return self._("There is no pack {pack}. There are: {packs}. Nothing was changed.").format(
            pack=code(given, SLUG_SHOWN),
            packs=", ".join(code(pack.slug) for pack in packs[:MOST_SHOWN]) or "—",
        )

    def pack_switch_button(self, pack: Pack) -> str:
        """On its card."""
        return self._("Take off sale") if pack.enabled else self._("Put on sale")

    def pack_step_button(self, percent: int, stars: int) -> str:
        """On its card: another price."""
        return f"{'+' if percent > 0 else '−'}{abs(percent)} % · {stars} ★"

    def copy_command_button(self) -> str:
        """On its card: for any other change."""
        return self._("Copy the command for other changes")

    def _entry_holds(self, words: str) -> str:
        return self._holds(*map(int, words.split()))

    def _holds(self, stars: int, tokens: int, bonus: int) -> str:
        held = f"{stars} ★ = {self.tokens(tokens)}"
        return f"{held} + {bonus}" if bonus else held
