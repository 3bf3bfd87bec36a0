"""Every sentence the bot says, in the language of the one it says it to.

English stands here; `bot/locales/*.po` hold the others. All texts are Telegram HTML: what a
person or a provider wrote is quoted.
"""

import gettext
from collections.abc import Mapping, Sequence
from html import escape

from bot import prompt as p
from bot.failures import FailureKind
from bot.i18n import DEFAULT_LANGUAGE, load_catalogues
from storage.errors import (
    InsufficientTokensError,
    ModelUnavailableError,
    StorageError,
    TooManyActiveImagesError,
)
from storage.jobs import Cancelled, Image, ImageStatus, JobView

# Limits of our own, so that no message comes near Telegram's 4096 and 1024 characters.
SUGGESTION_SHOWN = 2500
DETAIL_SHOWN = 500
GIVEN_SHOWN = 200

FLAGS = (*(f"--{name}" for name in p.FIELDS), "--opt", "--options", "--n")
REFUNDED = frozenset({ImageStatus.FAILED, ImageStatus.CANCELLED})


class Texts:
    """The sentences of one language."""

    def __init__(self, language: str, translations: gettext.NullTranslations) -> None:
        self.language = language
        self._ = translations.gettext
        self._n = translations.ngettext

    # --- Numbers

    def tokens(self, number: int) -> str:
        """`79 tokens`."""
        return self._n("{n} token", "{n} tokens", number).format(n=number)

    def pictures(self, number: int) -> str:
        """`2 pictures`."""
        return self._n("{n} picture", "{n} pictures", number).format(n=number)

    # --- Commands

    def menu(self) -> dict[str, str]:
        """The commands that Telegram's menu offers everyone, with what they do."""
        return {
            "start": self._("begin"),
            "help": self._("how to ask for a picture"),
            "balance": self._("my tokens"),
            "cancel": self._("cancel what is not being drawn yet"),
        }

    def start(self, *, given: int, balance: int, price: int | None, max_quantity: int) -> str:
        """The first and every later /start."""
        parts = [self._("Hello! Write what to draw, and Midjourney will draw it.")]
        if given:
            parts.append(
                self._("You have {tokens} to begin with.").format(tokens=self.tokens(given))
            )
        else:
            parts.append(self._("You have {tokens}.").format(tokens=self.tokens(balance)))
        if price is not None:
            parts.append(self._("A picture costs {tokens}.").format(tokens=self.tokens(price)))
        return " ".join(parts) + "\n\n" + self._example(max_quantity) + "\n/help /balance"

    def help(self, *, price: int | None, max_quantity: int) -> str:
        """How to ask for a picture, by example."""
        cost = (
            self._("No model is on sale right now.")
            if price is None
            else self._("A picture costs {tokens}; what fails is given back.").format(
                tokens=self.tokens(price)
            )
        )
        flags = (
            ("--ar 16:9", self._("aspect ratio: 1:1, 16:9, 9:16, 3:2 or 2:3")),
            ("--n 2", self._("how many pictures, up to {max}").format(max=max_quantity)),
            ("--q high", self._("quality: standard or high")),
            (
                "--no текст, рамка" if self.language == "ru" else "--no text, frame",
                self._("what must not be in the picture"),
            ),
            ("--cfg 0.7", self._("how closely to follow the prompt, 0 to 1")),
            (
                "--seed 42",
                self._("the same number draws alike again; also --chaos, --style, --mode"),
            ),
            ("--opt key=value", self._("any other option of the model; also --options {JSON}")),
        )
        lines = [f"<code>{escape(flag)}</code> — {text}" for flag, text in flags]
        return "\n".join(
            [
                self._("Write what to draw. Flags may follow:"),
                "",
                *lines,
                "",
                self._example(max_quantity),
                "",
                cost,
                self._("/balance shows your tokens."),
            ]
        )

    def _example(self, max_quantity: int) -> str:
        example = self._("a red fox in the snow --ar 16:9")
        if max_quantity > 1:
            example += " --n 2"
        return self._("For example: {line}").format(line=f"<code>{example}</code>")

    def balance(self, balance: int, price: int | None) -> str:
        """Begins with the number of tokens left."""
        text = self._n("{n} token left.", "{n} tokens left.", balance).format(n=balance)
        if price:
            count = self.pictures(balance // price)
            text += " " + self._("That is {pictures}.").format(pictures=count)
        return text

    def unknown_command(self) -> str:
        """For a command that there is not."""
        return self._("There is no such command. /help shows what I can do.")

    def cannot_use(self) -> str:
        """For a message that holds nothing we can use."""
        return self._(
            "I can work with text and pictures only. Write what to draw, or send a picture with"
            " words. Nothing was charged."
        )

    # --- Pictures that people send

    def what_to_make(self) -> str:
        """A picture came without words."""
        return self._(
            "Got the picture. What shall I make of it? Write it within ten minutes; flags may"
            " follow."
        )

    def one_of_album(self) -> str:
        """An album came."""
        return self._("I take the first picture of the album, the others are not needed.")

    def input_refused(self, kind: FailureKind) -> str:
        """A picture that cannot be used, before anything was charged."""
        return f"{self._failure(kind, '', '')} " + self._("Nothing was charged.")

    def model_takes_no_picture(self, name: str) -> str:
        """The model works from words alone."""
        return self._(
            "{model} draws from words only and takes no picture. Send the words alone."
            " Nothing was charged."
        ).format(model=escape(name, quote=False))

    # --- Grants

    def grant_usage(self) -> str:
        """How to use /grant."""
        form = "<code>/grant USER_ID TOKENS [note]</code>"
        example = "<code>/grant 1001 500</code>"
        return self._("The form is {form}, for example {example}. Nothing was changed.").format(
            form=form, example=example
        )

    def granted(self, user_id: int, amount: int, balance: int) -> str:
        """What the admin reads."""
        return self._("{tokens} for {user}. Balance now: {balance}.").format(
            tokens=self.tokens(amount), user=f"<code>{user_id}</code>", balance=balance
        )

    def grant_received(self, amount: int, balance: int) -> str:
        """What the person reads."""
        if amount < 0:
            said = self._("{tokens} were taken from your balance.")
        else:
            said = self._("You were given {tokens}.")
        left = self._("Balance now: {balance}.").format(balance=balance)
        return f"{said.format(tokens=self.tokens(abs(amount)))} {left}"

    def grant_unknown_user(self, user_id: int) -> str:
        """Nobody by that id."""
        return self._(
            "{user} has never talked to the bot: they have to press /start first."
            " Nothing was changed."
        ).format(user=f"<code>{user_id}</code>")

    def grant_too_much(self, balance: int) -> str:
        """More would be taken than there is."""
        return self._("They have only {tokens}. Nothing was changed.").format(
            tokens=self.tokens(balance)
        )

    # --- A request that cannot be taken

    def prompt_error(self, error: p.PromptError) -> str:
        """What is wrong with a request, what is allowed, and the line to send instead."""
        text = self._wrong(error)
        text += " " + self._("Nothing was charged.")
        if error.suggestion and len(error.suggestion) <= SUGGESTION_SHOWN:
            text += "\n\n" + self._("Send this instead:")
            text += f"\n<code>{escape(error.suggestion, quote=False)}</code>"
        return text

    def _wrong(self, error: p.PromptError) -> str:
        match error:
            case p.EmptyPromptError():
                return self._(
                    "There is no description of the picture. Write what to draw, flags after it."
                )
            case p.PromptTooLongError(length=length, limit=limit):
                return self._(
                    "The description has {length} characters, at most {limit} are possible."
                    " Please shorten it."
                ).format(length=length, limit=limit)
            case p.UnknownFlagError(flag=flag, nearest=str(nearest)):
                return self._("There is no flag {flag}. Did you mean {nearest}?").format(
                    flag=_code(flag), nearest=_code(nearest)
                )
            case p.UnknownFlagError(flag=flag):
                return self._("There is no flag {flag}. Possible are: {flags}.").format(
                    flag=_code(flag), flags=", ".join(_code(each) for each in FLAGS)
                )
            case p.MissingValueError(flag=flag, allowed=allowed):
                return self._("{flag} needs a value: {allowed}.").format(
                    flag=_code(flag), allowed=self._allowed(allowed)
                )
            case p.BadValueError(flag=flag, given=given, allowed=allowed):
                return self._("{flag} cannot be “{given}”; possible is: {allowed}.").format(
                    flag=_code(flag),
                    given=escape(_clip(given, GIVEN_SHOWN), quote=False),
                    allowed=self._allowed(allowed),
                )
            case p.RepeatedFlagError(flag=flag):
                return self._("{flag} is there more than once; leave one.").format(flag=_code(flag))
            case p.QuantityTooHighError(given=given, limit=limit):
                return self._(
                    "{pictures} at once are too many, at most {limit} are possible."
                ).format(pictures=self.pictures(min(given, 1_000_000)), limit=limit)
            case _:
                raise TypeError(f"no sentence for {type(error).__name__}")

    def _allowed(self, allowed: p.Allowed) -> str:
        """What a flag takes, in words."""
        match allowed:
            case p.Choices(words=words):
                return ", ".join(_code(word) for word in words)
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
                    example=_code("key=value")
                )
            case p.Form.JSON_OBJECT:
                return self._("a JSON object, like {example}").format(
                    example=_code('{"key": "value"}')
                )
            case p.Form.TEXT_OR_NUMBER:
                return self._("a number, or text")

    def refused(self, error: StorageError) -> str:
        """Why a request in good form was not taken."""
        match error:
            case InsufficientTokensError(needed=needed, balance=balance):
                return self._(
                    "Not enough tokens: {needed} needed, you have {balance}. Nothing was charged."
                ).format(needed=needed, balance=balance)
            case TooManyActiveImagesError(active=active, limit=limit):
                return self._(
                    "{pictures} of yours are not finished yet, at most {limit} can be under way."
                    " Wait until some have arrived and send this again. Nothing was charged."
                ).format(pictures=self.pictures(active), limit=limit)
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

    # --- A job

    def progress(
        self, view: JobView, *, product: str, place: int | None, left_s: float | None
    ) -> str:
        """The one message of a job: while it runs, and what it came to at the end."""
        images = view.images
        done = sum(image.status is ImageStatus.DELIVERED for image in images)
        charged = self.tokens(sum(image.cost for image in images))
        refunded = sum(image.cost for image in images if image.status in REFUNDED)
        if view.ended:
            lines = [self._outcome(done, images), *self.failures(view, product=product)]
        else:
            lines = [self._("Done: {done} of {count}.").format(done=done, count=len(images))]
            if place is not None:
                lines.append(self._("Place in the queue: {place}.").format(place=place))
            if left_s is not None:
                lines.append(self._("About {time} left.").format(time=self._time(left_s)))
            failed = sum(image.status is ImageStatus.FAILED for image in images)
            if failed:
                lines.append(self._("Failed so far: {failed}.").format(failed=failed))
        if refunded:
            money = self._("Charged {tokens}, given back {refunded}, on the balance {balance}.")
        else:
            money = self._("Charged {tokens}, left on the balance: {balance}.")
        lines.append(money.format(tokens=charged, refunded=refunded, balance=view.balance))
        return "\n".join(lines)

    def _time(self, seconds: float) -> str:
        """A time to come, as roughly as it is known."""
        if seconds < 55:
            return self._("{n} s").format(n=max(round(seconds / 10) * 10, 5))
        return self._("{n} min").format(n=max(round(seconds / 60), 1))

    def _outcome(self, done: int, images: Sequence[Image]) -> str:
        count = len(images)
        cancelled = sum(image.status is ImageStatus.CANCELLED for image in images)
        if cancelled == count:
            return self._("Cancelled.")
        if done == count:
            return self._n(
                "Done, the picture is here.", "Done, all {n} pictures are here.", count
            ).format(n=count)
        text = (
            self._("{done} of {count} pictures are here.").format(done=done, count=count)
            if done
            else self._("No picture this time.")
        )
        if cancelled:
            text += " " + self._("Cancelled: {n}.").format(n=cancelled)
        return text

    def failures(self, view: JobView, *, product: str) -> list[str]:
        """Why images of the job failed and what was given back, one line for each reason."""
        given_back: dict[tuple[str, str], int] = {}
        for image in view.images:
            if image.failure is not None:
                reason = (image.failure, image.failure_detail)
                given_back[reason] = given_back.get(reason, 0) + image.cost
        return [
            self._("{reason} Given back: {tokens}.").format(
                reason=self._failure(FailureKind(kind), detail, product),
                tokens=self.tokens(tokens),
            )
            for (kind, detail), tokens in given_back.items()
        ]

    def _failure(self, kind: FailureKind, detail: str, product: str) -> str:
        """One sentence, beginning with who said no, with the provider's own words where it has."""
        said = escape(_clip(detail, DETAIL_SHOWN), quote=False)
        create_error = f"{product} createTask error {said}".rstrip()
        match kind:
            case FailureKind.CREATE_REFUSED:
                return _sentence(create_error)
            case FailureKind.NO_CREDIT:
                return f"{_sentence(create_error)} " + self._(
                    "The service has run out of credit; its team has been told."
                )
            case FailureKind.NO_ACCESS:
                return f"{_sentence(create_error)} " + self._(
                    "The service does not accept the bot's key; its team has been told."
                )
            case FailureKind.NOT_TAKEN:
                return f"{_sentence(create_error)} " + self._(
                    "The service is overloaded and took no more pictures."
                )
            case FailureKind.NO_ANSWER:
                return f"{_sentence(create_error)} " + self._("The service did not answer.")
            case FailureKind.GENERATION_FAILED:
                return _sentence(said) or self._(
                    "{product} could not draw this and gave no reason."
                ).format(product=product)
            case FailureKind.NO_RESULT:
                return self._("{product} returned no image links.").format(product=product)
            case FailureKind.RECORD_GONE:
                return _sentence(f"KIE.AI recordInfo error {said}".rstrip())
            case FailureKind.TIMED_OUT:
                return self._("{product} did not finish in time.").format(product=product)
            case FailureKind.NOT_FETCHED:
                return self._("{product} drew it, but the picture could not be fetched.").format(
                    product=product
                )
            case FailureKind.RESULT_REFUSED:
                return self._("{product} returned something that is not a usable picture.").format(
                    product=product
                )
            case FailureKind.NOT_DELIVERED:
                return self._("Telegram did not take the picture.")
            case FailureKind.INPUT_GONE:
                return self._("Telegram does not give me your picture any more. Send it again.")
            case FailureKind.INPUT_TOO_LARGE:
                return self._("Your picture is too large for me. Send a smaller one.")
            case FailureKind.INPUT_NOT_A_PICTURE:
                return self._("The file is no picture that I know. Send a PNG, JPEG or WebP.")
            case FailureKind.INPUT_ANIMATED:
                return self._("Your picture moves. Send one that stands still.")
            case FailureKind.INPUT_BROKEN:
                return self._("Your picture cannot be read, it is broken. Send it again.")
            case FailureKind.INPUT_NOT_UPLOADED:
                return self._(
                    "Your picture could not be uploaded; the team has been told. Try again later."
                )
            case FailureKind.INTERNAL:
                return self._("Something went wrong on our side.")

    def cancel_button(self) -> str:
        """Under the progress message."""
        return self._("Cancel")

    def cancelled(self, cancelled: Cancelled) -> str:
        """What a cancel came to: which is which."""
        count = len(cancelled.image_ids)
        if not count and not cancelled.running:
            return self._("There is nothing to cancel.")
        parts = []
        if count:
            parts.append(
                self._(
                    "Cancelled: {pictures}. Given back: {tokens}, on the balance {balance}."
                ).format(
                    pictures=self.pictures(count),
                    tokens=self.tokens(cancelled.refunded),
                    balance=cancelled.balance,
                )
            )
        if cancelled.running:
            parts.append(
                self._("Already being drawn and coming: {pictures}.").format(
                    pictures=self.pictures(cancelled.running)
                )
            )
        return " ".join(parts)

    def stale(self) -> str:
        """A prompt that waited while the bot was down."""
        return self._("I was away when you sent this. Shall I draw it now? Nothing was charged.")

    def draw_button(self) -> str:
        """Under that question."""
        return self._("Draw it now")

    def prompt_gone(self) -> str:
        """The message that the question was about is not there any more."""
        return self._("Your message is gone. Please send it again.")

    def too_fast(self) -> str:
        """More messages in a minute than anybody needs."""
        return self._(
            "That is too fast for me. Wait a minute; what you send meanwhile is not drawn and"
            " not charged."
        )

    def caption(self, view: JobView, image: Image) -> str:
        """Under a picture."""
        parts = [escape(view.model_name, quote=False), str(view.job.params.get("aspect_ratio", ""))]
        if len(view.images) > 1:
            parts.insert(0, f"{image.position}/{len(view.images)}")
        return " · ".join(part for part in parts if part)

    # --- To the admins

    def upload_alert(self, what: str) -> str:
        """Pictures that people send cannot be uploaded."""
        return f"⚠️ {escape(_clip(what, DETAIL_SHOWN), quote=False)}\n" + self._(
            "People get their tokens back."
        )

    def alert(self, kind: FailureKind, detail: str, product: str) -> str:
        """What an admin has to know about the provider's account, and what to do."""
        said = escape(_clip(detail, DETAIL_SHOWN), quote=False)
        if kind is FailureKind.NO_CREDIT:
            todo = self._("The KIE account is out of credit. Top it up at kie.ai/billing.")
        else:
            todo = self._(
                "KIE does not accept the key, or the key is over its cap. Check it at"
                " kie.ai/api-key and in the settings."
            )
        return f"⚠️ {product}: {said}\n{todo} " + self._("People get their tokens back.")


def load_texts() -> Mapping[str, Texts]:
    """The texts of every language there is, by code."""
    return {code: Texts(code, each) for code, each in load_catalogues().items()}


def language_of(language_code: str | None, known: Mapping[str, object]) -> str:
    """Which of our languages to speak with someone, by what their Telegram says."""
    code = (language_code or "").split("-")[0].lower()
    return code if code in known else DEFAULT_LANGUAGE


def _code(text: str) -> str:
    return f"<code>{escape(_clip(text, GIVEN_SHOWN), quote=False)}</code>"


def _sentence(text: str) -> str:
    """The text with an end to it."""
    return text if not text or text[-1] in ".!?…" else text + "."


def _clip(text: str, length: int) -> str:
    """The text in at most so many characters."""
    return text if len(text) <= length else text[: length - 1] + "…"
