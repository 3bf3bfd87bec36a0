"""What is said to a request, before it becomes a job."""

from html import escape

from bot.prompts import errors as p
from bot.telegram.html import code, quoted, units
from bot.texts.closed import ClosedTexts
from bot.texts.fields import FieldTexts
from bot.texts.jobs import JobTexts
from providers.base import Flag, Product
from storage.errors import (
    InsufficientTokensError,
    MaintenanceError,
    ModelUnavailableError,
    StorageError,
    TooManyActiveItemsError,
)
from storage.failures import FailureKind

SUGGESTION_SHOWN = 2500  # a longer line is not offered: the whole has to fit into one message
GIVEN_SHOWN = 200


class RequestTexts(JobTexts, FieldTexts, ClosedTexts):
    """Why a request is not taken, and what to send instead."""

    def cannot_use(self) -> str:
        """For a message that holds nothing we can use."""
        return self._(
            "I cannot use this, only words and pictures: write what to draw, or send a picture with"
            " words. Nothing was charged."
        )

    def what_to_make(self) -> str:
        """A picture came without words."""
        return self._(
            "Got the picture. What shall I make of it? Write it within ten minutes; flags may"
            " follow."
        )

    def drop_picture_button(self) -> str:
        """Under that answer."""
        return self._("Drop it")

    def picture_dropped(self) -> str:
        """In place of that answer."""
        return self._("The picture will not be used. Nothing was charged.")

    def picture_waits_no_more(self) -> str:
        """In answer to a press on an old button; plain text."""
        return self._("This picture does not wait any more. /queue shows what does.")

    def one_of_album(self) -> str:
        """An album came."""
        return self._("I take the first picture of the album, the others are not needed.")

    def input_refused(self, kind: FailureKind) -> str:
        """A picture that cannot be used, before anything was charged."""
        return f"{self.failure(kind, '', '')} " + self._("Nothing was charged.")

    def model_takes_no_picture(self, name: str) -> str:
        """The model works from words alone."""
        return self._(
            "{model} draws from words only and takes no picture. Send the words alone."
            " Nothing was charged."
        ).format(model=escape(name, quote=False))

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
                return self._(
                    "There is no description of the picture. Write what to draw, flags after it,"
                    " like this: {example}."
                ).format(example=code(self._("a red fox in the snow --ar 16:9")))
            case p.PromptTooLongError(length=length, limit=limit):
                return self._(
                    "The description has {length} characters; the limit is {limit}."
                    " Please shorten it."
                ).format(length=length, limit=limit)
            case p.UnknownFlagError(flag=flag, nearest=str(nearest)):
                return self._("There is no flag {flag}. Did you mean {nearest}?").format(
                    flag=code(flag), nearest=code(nearest)
                )
            case p.UnknownFlagError(flag=flag):
                return self._("There is no flag {flag}. There are: {flags}.").format(
                    flag=code(flag), flags=", ".join(map(code, self.flags(product)))
                )
            case p.LackingFlagError(flag=flag):
                return self._("{product} has a flag {flag}, but this model does not.").format(
                    product=escape(product.name, quote=False), flag=code(flag)
                )
            case p.MissingValueError(flag=flag, allowed=allowed):
                return self._("{flag} needs a value: {allowed}.").format(
                    flag=code(flag), allowed=self.allowed(allowed)
                )
            case p.BadValueError(flag=flag, given=given, allowed=Flag()):
                return self._("{flag} stands alone: write “{given}” before it.").format(
                    flag=code(flag), given=quoted(given, GIVEN_SHOWN)
                )
            case p.BadValueError(flag=flag, given=given, allowed=allowed):
                return self._("{flag} cannot be “{given}”. It takes: {allowed}.").format(
                    flag=code(flag),
                    given=quoted(given, GIVEN_SHOWN),
                    allowed=self.allowed(allowed),
                )
            case p.RepeatedFlagError(flag=flag):
                return self._("{flag} is there more than once; leave one.").format(flag=code(flag))
            case p.ClosedOptionError(option=option, allowed=allowed):
                text = self._(
                    "The option {option} is closed: options like it can change the cost, or replace"
                    " the description or the picture. Set the number of pictures with {n}, write"
                    " the description before the flags, and send a picture along with it."
                ).format(option=code(option), n=code("--n"))
                if allowed:
                    names = ", ".join(map(code, allowed))
                    text += " " + self._("Of options like it you may set {names}.").format(
                        names=names
                    )
                return text + " " + self._("All other options are open.")
            case p.QuantityTooHighError(given=given, limit=limit):
                return self._("{pictures} at once are too many; the limit is {limit}.").format(
                    pictures=self.pictures(min(given, 1_000_000)), limit=limit
                )
            case _:
                raise TypeError(f"no sentence for {type(error).__name__}")

    def refused(self, error: StorageError) -> str:
        """Why a request in good form was not taken."""
        match error:
            case InsufficientTokensError(needed=needed, balance=balance):
                return self._(
                    "Not enough tokens: {needed} needed, you have {balance}. Nothing was charged."
                    " More tokens: /paysupport"
                ).format(needed=needed, balance=balance)
            case TooManyActiveItemsError(active=active, limit=limit):
                return self._(
                    "{pictures} of yours are not finished yet, at most {limit} can be under way."
                    " Wait until some have arrived and send this again. Nothing was charged."
                ).format(pictures=self.pictures(active), limit=limit)
            case MaintenanceError(text=text):
                return self.maintenance(text)
            case ModelUnavailableError():
                return self.no_model()
            case _:
                return self.broken()

    def no_model(self) -> str:
        """No model is enabled."""
        return self._("No model is on sale right now, try again later. Nothing was charged.")

    def broken(self) -> str:
        """Something unforeseen."""
        return self._(
            "Something went wrong on our side. Nothing was charged; please send it again in a"
            " minute."
        )
