"""What is said to a request, before it becomes a job."""

from html import escape

from bot.prompts import parse as p
from bot.texts.base import code, quoted, units
from bot.texts.closed import ClosedTexts
from bot.texts.jobs import JobTexts
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
FLAGS = (*(f"--{name}" for name in p.FIELDS), "--opt", "--options", "--n")


class RequestTexts(JobTexts, ClosedTexts):
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

    def prompt_error(self, error: p.PromptError) -> str:
        """What is wrong with a request, what is allowed, and the line to send instead."""
        text = self._wrong(error)
        text += " " + self._("Nothing was charged.")
        if error.suggestion and units(error.suggestion) <= SUGGESTION_SHOWN:
            text += "\n\n" + self._("Send this instead:")
            text += f"\n<code>{escape(error.suggestion, quote=False)}</code>"
        return text

    def _wrong(self, error: p.PromptError) -> str:
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
                    flag=code(flag), flags=", ".join(code(each) for each in FLAGS)
                )
            case p.MissingValueError(flag=flag, allowed=allowed):
                return self._("{flag} needs a value: {allowed}.").format(
                    flag=code(flag), allowed=self._allowed(allowed)
                )
            case p.BadValueError(flag=flag, given=given, allowed=allowed):
                return self._("{flag} cannot be “{given}”. It takes: {allowed}.").format(
                    flag=code(flag),
                    given=quoted(given, GIVEN_SHOWN),
                    allowed=self._allowed(allowed),
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

    def _allowed(self, allowed: p.Allowed) -> str:
        """What a flag takes, in words."""
        match allowed:
            case p.Choices(words=words):
                return ", ".join(code(word) for word in words)
            case p.NumberRange(low=low, high=high, step=1):
                return self._("a whole number from {low} to {high}").format(
                    low=f"{low:g}", high=f"{high:g}"
                )
            case p.NumberRange(low=low, high=high, step=step):
                return self._("a number from {low} to {high} in steps of {step}").format(
                    low=f"{low:g}", high=f"{high:g}", step=f"{step:g}"
                )
            case p.TextUpTo(limit=limit):
                return self._("text of up to {limit} characters").format(limit=limit)
            case p.BytesUpTo(limit=limit):
                return self._("all options together at most {limit} bytes").format(limit=limit)
            case p.Form.KEY_VALUE:
                return self._("a name and a value, like {example}").format(
                    example=code("key=value")
                )
            case p.Form.JSON_OBJECT:
                return self._("a JSON object, like {example}").format(
                    example=code('{"key": "value"}')
                )
            case p.Form.TEXT_OR_NUMBER:
                return self._("a number, or text")

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
