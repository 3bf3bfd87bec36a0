"""A request becomes a paid job in the queue, or a sentence that says why not."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.pipeline.progress import Progress
from bot.pipeline.worker import Worker
from bot.prompts.closed_options import without_closed
from bot.prompts.doubt import Doubt, doubt_of
from bot.prompts.parse import FIELDS, Defaults, PromptError, only_flags, parse
from bot.settings import Settings
from bot.telegram.buttons import Keyboard, question_keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from storage.catalogue import Catalogue, Model
from storage.errors import (
    InsufficientTokensError,
    ModelUnavailableError,
    PriceChangedError,
    StorageError,
    TooManyActiveImagesError,
)
from storage.images import Image, Job
from storage.inputs import Inputs
from storage.jobs import Jobs, PlacedJob, press_key
from storage.maintenance import Flags
from storage.preferences import ALWAYS, NEVER, Preferences, PreferenceStore
from storage.questions import PricedRequest, Questions

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wrote, and the picture it is about, if any (Telegram's file id).

    `reply_to` is the message that it replies to: flags alone, in reply to a picture of ours, are a
    change of what was asked for then. A `late` one waited while the bot was down: it is asked
    about before it is charged. An `explicit` one came with a command, so that there is no doubt;
    one said `aside` are words to a picture in a group.
    """

    user_id: int
    chat_id: int
    message_id: int
    text: str
    language: str
    input_file_id: str | None = None
    reply_to: int | None = None
    late: bool = False
    explicit: bool = False
    aside: bool = False


class Orders:
    """Takes requests, from wherever they come."""

    def __init__(
        self,
        *,
        settings: Settings,
        catalogue: Catalogue,
        jobs: Jobs,
        flags: Flags,
        preferences: PreferenceStore,
        questions: Questions,
        worker: Worker,
        inputs: Inputs,
        progress: Progress,
        messenger: Messenger,
        texts: Mapping[str, Texts],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._jobs = jobs
        self._flags = flags
        self._preferences = preferences
        self._questions = questions
        self._worker = worker
        self._inputs = inputs
        self._progress = progress
        self._messenger = messenger
        self._texts = texts

    async def take(self, request: Request) -> None:
        """Charge and queue what was asked for, or say why not. Safe to repeat: a message has one
        job, however often it comes."""
        refusal = await self._take(request)
        if refusal is not None:
            self._messenger.say(request.chat_id, refusal, reply_to=request.message_id)

    async def replied_picture(self, chat_id: int, message_id: int) -> str | None:
        """The picture that a message of the bot's is about though it shows none: a question."""
        return await self._jobs.picture_file(chat_id, message_id)

    async def _take(self, request: Request) -> str | None:
        """The sentence that refuses the request, or None when it was taken."""
        texts = self._texts[request.language]
        closed = await self._flags.maintenance()
        if closed is not None and not await self._jobs.is_placed(
            request.chat_id, request.message_id
        ):
            return texts.maintenance(closed)
        preferences = await self._preferences.get(request.user_id)
        earlier = await self._changed_by(request)
        wanted = earlier.model if earlier else preferences.model
        model = await self._catalogue.on_sale(wanted)
        if model is None:
            return texts.no_model()
        try:
            order = parse(
                request.text,
                max_quantity=self._settings.max_quantity,
                defaults=defaults_of(earlier, model) if earlier else defaults_from(preferences),
                allowed_options=model.allowed_options,
            )
        except PromptError as error:
            return texts.prompt_error(error)
        input_file_id = earlier.input_file_id if earlier else request.input_file_id
        if input_file_id is not None and model.input_images == 0:
            await self._inputs.drop(request.user_id)  # else the words alone would get it, too
            return texts.model_takes_no_picture(model.name)
        doubt = None
        if preferences.ask is None and not request.explicit:
            doubt = doubt_of(
                request.text, with_picture=input_file_id is not None, aside=request.aside
            )
        priced = PricedRequest(
            chat_id=request.chat_id,
            message_id=request.message_id,
            user_id=request.user_id,
            model=model.slug,
            prompt=order.prompt,
            quantity=order.quantity,
            params=order.params,
            options=order.options,
            named=order.named,
            price=model.price,
            language=request.language,
            input_file_id=input_file_id,
            doubt=doubt is not None and not request.late,
        )
        off_sale = None
        if wanted is not None and wanted != model.slug:
            off_sale = await self._catalogue.get(wanted)
        try:
            if preferences.ask == ALWAYS or doubt or request.late:
                await self._ask(priced, model, off_sale, late=request.late)
            elif await self._place(priced, model) and off_sale is not None:
                notice = texts.drawn_by_another(off_sale.name, model)
                self._messenger.say(request.chat_id, notice, reply_to=request.message_id)
        except (InsufficientTokensError, TooManyActiveImagesError, ModelUnavailableError) as error:
            if doubt is Doubt.TALK and isinstance(error, InsufficientTokensError):
                # Money is no answer to a greeting.
                return texts.how_to_ask(
                    model.price,
                    balance=error.balance,
                    in_group=request.chat_id != request.user_id,
                )
            return texts.refused(error)
        return None

    async def _changed_by(self, request: Request) -> Job | None:
        """The job of ours that a request asks for again, with other flags."""
        if request.reply_to is None or not only_flags(request.text):
            return None
        image_id = await self._jobs.picture_at(request.chat_id, request.reply_to)
        if image_id is None:
            return None
        image = await self._jobs.image(image_id)
        return (await self._jobs.view(image.job_id)).job

    async def _ask(
        self, priced: PricedRequest, model: Model, off_sale: Model | None, *, late: bool
    ) -> None:
        """Show what would be drawn and what it costs, and wait for a yes."""
        balance = await self._questions.ask(priced)
        if balance is None:  # the message came again; its job is on its way
            return
        texts = self._texts[priced.language]
        self._messenger.say(
            priced.chat_id,
            texts.question(priced, model, balance, off_sale.name if off_sale else None, late=late),
            reply_to=priced.reply_to,
            keyboard=_keyboard(texts, priced),
        )

    async def answer(
        self,
        chat_id: int,
        message_id: int,
        user_id: int,
        card_id: int,
        texts: Texts,
        *,
        yes: bool,
        never_again: bool = False,
    ) -> str:
        """Draw what a person was asked about (or not), and return what to answer to the press;
        `never_again` is a yes after which nothing is asked any more.

        Safe to repeat: the first answer counts, and a message has one job.
        """
        priced = await self._questions.get(chat_id, message_id, user_id)
        if priced is None:
            if await self._jobs.is_placed(chat_id, message_id):  # a second press of one thumb
                return texts.question_answered()
            return texts.question_gone()
        if not yes:
            await self._questions.drop(chat_id, message_id)
            self._messenger.change(chat_id, card_id, texts.question_dropped())
            return ""
        closed = await self._flags.maintenance()
        if closed is not None:
            self._messenger.say(chat_id, texts.maintenance(closed), reply_to=priced.reply_to)
            return ""
        priced = replace(priced, language=texts.language)
        model = await self._catalogue.get(priced.model)
        if model is None or not model.enabled:
            await self._questions.drop(chat_id, message_id)
            name = model.name if model else priced.model
            self._messenger.change(chat_id, card_id, texts.model_went_off_sale(name))
            return ""
        try:
            placed = await self._place(priced, model, told_price=priced.price, card_id=card_id)
        except PriceChangedError as error:
            await self._ask_again(
                replace(priced, price=error.price), replace(model, price=error.price), card_id
            )
            return texts.price_changed()
        except (InsufficientTokensError, TooManyActiveImagesError, ModelUnavailableError) as error:
            # The question stays: it can be answered when there is room, or are tokens.
            self._messenger.say(chat_id, texts.refused(error), reply_to=priced.reply_to)
            return ""
        if never_again:
            await self._preferences.change(user_id, ask=NEVER)
        await self._questions.drop(chat_id, message_id)
        if never_again:
            return texts.asked_no_more()
        return "" if placed else texts.question_answered()

    async def _ask_again(self, priced: PricedRequest, model: Model, card_id: int) -> None:
        texts = self._texts[priced.language]
        try:
            balance = await self._questions.ask(priced)
        except InsufficientTokensError as error:
            self._messenger.say(priced.chat_id, texts.refused(error), reply_to=priced.reply_to)
            return
        if balance is not None:
            self._messenger.change(
                priced.chat_id,
                card_id,
                texts.question(priced, model, balance, None),
                keyboard=_keyboard(texts, priced),
            )

    async def again(
        self,
        image: Image,
        query_id: str,
        chat_id: int,
        message_id: int,
        texts: Texts,
        *,
        told_price: int | None,
    ) -> tuple[str, bool]:
        """Draw the request of an image once more, in answer to a button under it (of message
        `message_id`), and return what to answer to the press, and whether as an alert.

        Asked about first is who wants that always, and where an image costs more now than the
        `told_price` that the button showed. Safe to repeat, and two presses of one thumb are one.
        """
        if (closed := await self._flags.maintenance()) is not None:
            return texts.maintenance_in_short(closed), True
        view = await self._jobs.view(image.job_id)
        job = view.job
        model = await self._catalogue.get(job.model)
        if model is None or not model.enabled:
            return texts.model_gone(view.model_name), True
        priced = PricedRequest(
            chat_id=chat_id,
            message_id=press_key(query_id),
            user_id=image.user_id,
            model=model.slug,
            prompt=job.prompt,
            quantity=min(len(view.images), self._settings.max_quantity),
            params=job.params,
            options=without_closed(job.options, model),
            # The job has the model's options of its day: those of today do not come on top.
            named=frozenset(model.options),
            price=model.price,
            language=texts.language,
            input_file_id=job.input_file_id,
            reply_to_message_id=job.reply_to if chat_id == job.chat_id else message_id,
            again_of=image.image_id,
        )
        preferences = await self._preferences.get(image.user_id)
        try:
            if preferences.ask == ALWAYS or told_price is None:
                await self._ask(priced, model, None, late=False)
                return "", False
            try:
                placed = await self._place(priced, model, told_price=told_price)
            except PriceChangedError as error:
                priced = replace(priced, price=error.price)
                await self._ask(priced, replace(model, price=error.price), None, late=False)
                return texts.price_changed(), False
        except (InsufficientTokensError, TooManyActiveImagesError) as error:
            return texts.refused(error), True
        except ModelUnavailableError:
            return texts.model_gone(view.model_name), True
        return texts.again_taken(placed) if placed else texts.again_already(), False

    async def _place(
        self,
        priced: PricedRequest,
        model: Model,
        *,
        told_price: int | None = None,
        card_id: int | None = None,
    ) -> PlacedJob | None:
        """Charge and queue; None when the message has its job already. The progress is shown on
        the card that asked, if there is one."""
        placed = await self._jobs.place(
            user_id=priced.user_id,
            chat_id=priced.chat_id,
            message_id=priced.message_id,
            model=model,
            prompt=priced.prompt,
            quantity=priced.quantity,
            params=priced.params,
            options=without_closed(priced.options, model),  # it may have waited for long
            named=priced.named,
            language=priced.language,
            max_active_images=self._settings.user_max_active_images,
            input_file_id=priced.input_file_id,
            reply_to=priced.reply_to_message_id,
            again_of=priced.again_of,
            told_price=told_price,
            asked=card_id is not None,
        )
        if placed is None:  # the message came again; its job is on its way
            return None
        # First: they are paid for, whatever comes of the rest.
        self._worker.begin(placed.images, with_picture=priced.input_file_id is not None)
        if card_id is not None:
            try:
                await self._jobs.set_progress_message(placed.job_id, card_id)
            except StorageError as error:  # then the progress gets a message of its own
                logger.warning("the card of job %d was not noted: %s", placed.job_id, error)
        self._progress.touch(placed.job_id)
        logger.info("job %d placed, %d image(s)", placed.job_id, len(placed.images))
        return placed


def _keyboard(texts: Texts, priced: PricedRequest) -> Keyboard:
    never = texts.never_button() if priced.doubt else ""
    return question_keyboard(texts.yes_button(), texts.no_button(), never, priced.message_id)


def defaults_from(preferences: Preferences) -> Defaults:
    """What a person's own settings put in the place of flags they do not give."""
    params = {param: getattr(preferences, param, None) for param in FIELDS.values()}
    return Defaults(
        quantity=preferences.quantity or 1,
        params={param: value for param, value in params.items() if value is not None},
    )


def defaults_of(job: Job, model: Model) -> Defaults:
    """What a change begins with: the request as it was, but for one picture: to one was replied."""
    return Defaults(
        prompt=job.prompt, params=job.params, options=without_closed(job.options, model)
    )
