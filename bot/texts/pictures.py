"""Texts of a result: its caption and its buttons."""

from html import escape

from bot.service_limits import CAPTION_UNITS
from bot.telegram.html import clip_units, fitted, quoted
from bot.texts.fields import FieldTexts, is_automatic
from bot.texts.results import ResultTexts
from providers.base import Media
from storage.catalogue import Model
from storage.items import Item, JobView
from storage.jobs import PlacedJob

NAME_SHOWN = 100
BUTTON_SHOWN = 24


class PictureTexts(ResultTexts, FieldTexts):
    """Captions, the buttons under a picture, and their answers."""

    def caption(self, view: JobView, item: Item) -> str:
        """Under a picture: which of how many, how it was made, and what was asked for."""
        order = view.order
        product = view.model.product
        said = {**order.params, **order.options}
        fields = [each for each in product.fields if each.flag in product.caption]
        parts = [
            f"{item.position}/{len(view.items)}" if len(view.items) > 1 else "",
            quoted(view.model.name, NAME_SHOWN),
            *(
                self.fact(each, said[each.param])
                for each in fields
                if said.get(each.param) and not is_automatic(each, said[each.param])
            ),
            self._n("based on your picture", "based on your {n} pictures", inputs).format(n=inputs)
            if (inputs := len(order.inputs))
            else "",
        ]
        head = " · ".join(part for part in parts if part)

        def caption(length: int) -> str:
            prompt = escape(clip_units(order.prompt, length), quote=False)
            return f"{head}\n<blockquote expandable>{prompt}</blockquote>" if prompt else head

        return fitted(caption, CAPTION_UNITS, CAPTION_UNITS)

    def again_button(self, cost: int) -> str:
        """Draws the same request anew, for so many tokens."""
        return self._("Again · {cost}").format(cost=cost)

    def change_button(self) -> str:
        """Asks what shall be different."""
        return self._("Change")

    def input_button(self) -> str:
        """Takes the picture as the one to start from."""
        return self._("Use as input")

    def original_button(self) -> str:
        """Sends the file as it was drawn."""
        return self._("Original file")

    def copy_prompt_button(self) -> str:
        """Puts the prompt on the clipboard."""
        return self._("Copy prompt")

    def copy_seed_button(self) -> str:
        """Puts the seed on the clipboard."""
        return self._("Copy seed")

    def too_large(
        self, view: JobView, item: Item, url: str, size_bytes: int, *, stays: bool
    ) -> str:
        """In place of a result that Telegram does not take: where it is, and for how long."""
        download = self._("download")
        link = f'<a href="{escape(url)}">{download}</a>'
        parts = [
            self.caption(view, item),
            self._("The file is {size} MB, and bots can send at most 50 MB here: {link}.").format(
                size=round(size_bytes / 1_000_000), link=link
            ),
        ]
        if not stays:
            parts.append(
                self._("The link works for about 24 hours after the file was made: save it.")
            )
        return "\n".join(parts)

    def again_taken(self, placed: PlacedJob, media: Media) -> str:
        """The answer to a press of "again"."""
        charged = self._("Charged {tokens}. Balance: {balance}.").format(
            tokens=self.tokens(placed.charged), balance=placed.balance
        )
        return f"{self.made_again(media)} {charged}"

    def again_already(self) -> str:
        """A second press right after the first."""
        return self._("It is already being made again. Nothing more was charged.")

    def use_button(self, model: Model, value: str, price: int) -> str:
        """Makes something else of the picture, for so many tokens."""
        product = model.product
        if product.media is Media.FILM:
            name = self._("Animate")
        elif written := product.button.get(self.language):
            name = written.format(value=value)
        else:
            name = clip_units(model.name, BUTTON_SHOWN)
        return f"{name} · {price}"

    def use_taken(self, placed: PlacedJob) -> str:
        """The answer to a press of that."""
        return self._("Accepted. Charged {tokens}. Balance: {balance}.").format(
            tokens=self.tokens(placed.charged), balance=placed.balance
        )

    def use_already(self) -> str:
        """A second press right after the first."""
        return self._("It is already being made. Nothing more was charged.")

    def use_gone(self, name: str) -> str:
        """Plain text, in answer to a press: nothing is made by that any more."""
        return self._("{model} is not on sale right now. Nothing was charged.").format(
            model=name[:NAME_SHOWN]
        )

    def model_gone(self, name: str) -> str:
        """Plain text, in answer to a press: the model of an old picture is not on sale."""
        return self._(
            "{model} is no longer on sale. Send the prompt again to use another model. Nothing was"
            " charged."
        ).format(model=name[:NAME_SHOWN])

    def not_your_picture(self) -> str:
        """A button under somebody else's picture, or one that is gone."""
        return self._(
            "This button is not yours, or its picture is gone. Write what to draw. Nothing was"
            " charged."
        )

    def change_question(self, media: Media) -> str:
        """What the person is asked to reply to."""
        if media is Media.FILM:
            text = self._(
                "What should I change? Reply to this message with flags alone, such as {flags}, to"
                " make the same video again with them, or with words to make a new one by them."
                " Nothing is charged until you reply."
            )
        else:
            text = self._(
                "What should I change? Reply to this message with flags alone, such as {flags}, to"
                " draw the same picture again with them, or with words to make a new picture from"
                " this one. Nothing is charged until you reply."
            )
        return text.format(flags="<code>--ar 9:16</code>")

    def change_placeholder(self) -> str:
        """In the empty field for that reply; at most 64 characters."""
        return self._("--ar 9:16, or words")

    def reply_with_words(self) -> str:
        """In a group there is no waiting for the next words: everybody talks."""
        return self._("Reply to this picture with words, and I will draw from it.")

    def send_it_yourself(self) -> str:
        """The picture is so old that Telegram hides it from the bot."""
        return self._(
            "This picture is too old for me to download. Send or forward it to me with words."
            " Nothing was charged."
        )

    def file_coming(self) -> str:
        """The original is on its way."""
        return self._("The file is on its way, free of charge.")

    def result_coming(self) -> str:
        """Something of the history is on its way."""
        return self._("It is on its way, free of charge.")

    def result_gone(self) -> str:
        """The file is nowhere any more."""
        return self._(
            "This file is no longer kept. “Again” under it makes a new one. Nothing was charged."
        )
