"""Texts that refuse a request before it becomes a job, and what to send instead."""

from collections.abc import Sequence
from html import escape

from bot.prompts import errors as p
from bot.telegram.html import code, quoted, units
from bot.texts.closed import ClosedTexts
from bot.texts.fields import FieldTexts
from bot.texts.jobs import JobTexts
from providers.base import Flag, Input, Product
from storage.catalogue import Model
from storage.errors import (
    InsufficientTokensError,
    MaintenanceError,
    ModelUnavailableError,
    StorageError,
    TooManyActiveItemsError,
    UnpricedValueError,
)
from storage.failures import FailureKind

SUGGESTION_SHOWN = 2500  # a longer line is not offered: the whole has to fit into one message
GIVEN_SHOWN = 200


class RequestTexts(JobTexts, FieldTexts, ClosedTexts):
    """Why a request is not taken, and what to send instead."""

    def cannot_use(self) -> str:
        """For a message that holds nothing we can use."""
        return self._(
            "I only understand words and pictures: write what to draw, or send a picture with"
            " words. Nothing was charged."
        )

    def what_to_make(self, count: int = 1) -> str:
        """So many pictures came without words."""
        return self._n(
            "Got the picture. What should I make of it? Write it within ten minutes; you can add"
            " flags.",
            "Got {n} pictures. What should I make of them? Write it within ten minutes; you can add"
            " flags.",
            count,
        ).format(n=count)

    def drop_picture_button(self) -> str:
        """Under that answer."""
        return self._("Discard it")

    def picture_dropped(self, count: int) -> str:
        """In place of that answer."""
        return self._n(
            "The picture was discarded. Nothing was charged.",
            "The {n} pictures were discarded. Nothing was charged.",
            count,
        ).format(n=count)

    def picture_waits_no_more(self) -> str:
        """In answer to a press on an old button; plain text."""
        return self._("This picture is no longer waiting. /queue shows what is.")

    def left_out(self, taken: int, given: int, model: str = "") -> str:
        """Not all of an album is used: the `model` takes no more, or the rest are no pictures."""
        text = (
            self._n(
                "Using the first of the {given} in your album: {model} takes only one.",
                "Using the first {n} of the {given} in your album: {model} takes no more.",
                taken,
            )
            if model
            else self._("Using {n} of the {given} in your album: I can't use the others.")
        )
        return text.format(n=taken, given=given, model=escape(model, quote=False))

    def input_refused(self, kind: FailureKind) -> str:
        """A picture that cannot be used, before anything was charged."""
        return f"{self.failure(kind, '', '')} " + self._("Nothing was charged.")

    def model_takes_no_picture(self, name: str) -> str:
        """The model works from words alone."""
        return self._(
            "{model} draws from words only. Send the words without a picture. Nothing was charged."
        ).format(model=escape(name, quote=False))

    def needs_picture(self, name: str) -> str:
        """The model makes something of a picture, and there is none."""
        return self._(
            "{model} starts from a picture: send one with these words, or reply with them to a"
            " picture. Nothing was charged."
        ).format(model=escape(name, quote=False))

    def model_not_on_sale(self, given: str, on_sale: Sequence[Model], instead: str | None) -> str:
        """`--model` names one that cannot be had; `instead` is the line with the nearest."""
        text = self._(
            "There is no model {given}. There are: {models}. Nothing was charged."
        ).format(
            given=code(given, GIVEN_SHOWN), models=", ".join(code(each.slug) for each in on_sale)
        )
        if instead and units(instead) <= SUGGESTION_SHOWN:
            text += "\n\n" + self._("Send this instead:")
            text += f"\n<code>{escape(instead, quote=False)}</code>"
        return text

    def prompt_error(self, error: p.PromptError, product: Product) -> str:
        """What is wrong with a request, what is allowed, and the line to send instead."""
        text = self._wrong(error, product)
        text += " " + self._("Nothing was charged.")
        if error.suggestion and units(error.suggestion) <= SUGGESTION_SHOWN:
            text += "\n\n" + self._("Send this instead:")
            text += f"\n<code>{escape(error.suggestion, quote=False)}</code>"
        return text

    def _wrong(self, error: p.PromptError, product: Product) -> str:
        match error:
            case p.EmptyPromptError():
                text = (
                    self._(
                        "The prompt is empty. Describe the video and put the flags after that, like"
                        " this: {example}."
                    )
                    if product.is_film
                    else self._(
                        "The prompt is empty. Write what to draw and put the flags after it, like"
                        " this: {example}."
                    )
                )
                return text.format(example=code(self.example(product)))
            case p.NoWordsNeededError():
                return self._("{product} takes a picture and no words.").format(
                    product=escape(product.name, quote=False)
                )
            case p.PromptTooShortError(least=least):
                return self._(
                    "{product} needs a description of {least} characters or more."
                ).format(product=escape(product.name, quote=False), least=least)
            case p.PromptTooLongError(length=length, limit=limit):
                return self._(
                    "The prompt has {length} characters; the limit is {limit}. Please shorten it."
                ).format(length=length, limit=limit)
            case p.UnknownFlagError(flag=flag, nearest=str(nearest)):
                return self._("There is no flag {flag}. Did you mean {nearest}?").format(
                    flag=code(flag), nearest=code(nearest)
                )
            case p.UnknownFlagError(flag=flag):
                return self._("{product} has no flag {flag}. Available flags: {flags}.").format(
                    product=escape(product.name, quote=False),
                    flag=code(flag),
                    flags=", ".join(map(code, self.flags(product))),
                )
            case p.LackingFlagError(flag=flag):
                return self._("{product} has the flag {flag}, but this model does not.").format(
                    product=escape(product.name, quote=False), flag=code(flag)
                )
            case p.MisplacedFlagError(flag=flag, only=Input.PICTURE):
                return self._("{flag} needs a picture to start from.").format(flag=code(flag))
            case p.MisplacedFlagError(flag=flag):
                return self._("{flag} does not go with a picture: it follows the picture.").format(
                    flag=code(flag)
                )
            case p.MissingValueError(flag=flag, allowed=allowed):
                return self._("{flag} needs a value: {allowed}.").format(
                    flag=code(flag), allowed=self.allowed(allowed)
                )
            case p.BadValueError(flag=flag, given=given, allowed=Flag()):
                return self._("{flag} takes no value: write “{given}” before it.").format(
                    flag=code(flag), given=quoted(given, GIVEN_SHOWN)
                )
            case p.BadValueError(flag=flag, given=given, allowed=allowed):
                return self._("{flag} cannot be “{given}”. It takes: {allowed}.").format(
                    flag=code(flag),
                    given=quoted(given, GIVEN_SHOWN),
                    allowed=self.allowed(allowed),
                )
            case p.RepeatedFlagError(flag=flag):
                return self._("{flag} is given more than once; keep one.").format(flag=code(flag))
            case p.ClosedOptionError(option=option, allowed=allowed):
                text = self._(
                    "The option {option} is closed: options like it can change the cost, or replace"
                    " the prompt or the picture. Set the number of pictures with {n}, write the"
                    " prompt before the flags, and send a picture along with it."
                ).format(option=code(option), n=code("--n"))
                if allowed:
                    names = ", ".join(map(code, allowed))
                    text += " " + self._("Of such options you may set {names}.").format(names=names)
                return text + " " + self._("All other options are open.")
            case p.QuantityTooHighError(given=given, limit=limit):
                return self._("{pictures} at once is too many; the limit is {limit}.").format(
                    pictures=self.results(product.media, min(given, 1_000_000)), limit=limit
                )
            case _:
                raise TypeError(f"no sentence for {type(error).__name__}")

    def refused(self, error: StorageError) -> str:
        """Why a request in good form was not taken."""
        match error:
            case InsufficientTokensError(needed=needed, balance=balance):
                return self._(
                    "Not enough tokens: {needed} needed, you have {balance}. Nothing was charged."
                    " More tokens: /buy"
                ).format(needed=needed, balance=balance)
            case TooManyActiveItemsError(active=active, limit=limit):
                return self._(
                    "You already have {active} in progress; the limit is {limit}. Send this again"
                    " when some have arrived. Nothing was charged."
                ).format(active=active, limit=limit)
            case UnpricedValueError(field=field, on_sale=()):
                return self._("{flag} is not on sale. Nothing was charged.").format(
                    flag=code(f"--{field.flag}")
                )
            case UnpricedValueError(field=field, value=value, on_sale=on_sale):
                return self._(
                    "{flag} {value} is not on sale. There is: {values}. Nothing was charged."
                ).format(
                    flag=code(f"--{field.flag}"), value=value, values=", ".join(map(code, on_sale))
                )
            case MaintenanceError(text=text):
                return self.maintenance(text)
            case ModelUnavailableError():
                return self.no_model()
            case _:
                return self.broken()

    def kept_in_settings(self) -> str:
        """Where the value of a refused request comes from."""
        return self._("It comes from your settings; to change it: /settings")

    def no_model(self) -> str:
        """No model is enabled."""
        return self._("No model is on sale right now. Try again later. Nothing was charged.")

    def trying_again(self) -> str:
        """The database takes nothing just now; what was sent or pressed comes again by itself."""
        return self._(
            "Something went wrong on our side. I am trying again by myself; there is no need to"
            " repeat it."
        )

    def broken(self) -> str:
        """Something unforeseen."""
        return self._(
            "Something went wrong on our side. Nothing was charged; please send it again in a"
            " minute."
        )
