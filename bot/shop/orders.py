"""Taking of orders, up to `Jobs.place` (storage/jobs.py), which reads the price and charges it.

A request becomes a charged job, a question first, or an answer that says why not. Prompts,
confirmed questions and "again" under a picture all come this way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from enum import StrEnum

from bot.cards.packs import buy_keyboard, buy_link_keyboard, deep_link
from bot.cards.result import UseButton
from bot.prompts.closed_options import without_closed
from bot.prompts.doubt import Doubt, doubt_of
from bot.prompts.errors import MissingValueError, PromptError
from bot.prompts.parse import model_said, only_flags, parse, with_model
from bot.prompts.products import FIRST
from bot.settings import Settings
from bot.shop.daily import DailyTokens
from bot.telegram.buttons import question_keyboard
from bot.telegram.html import plain
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from providers.base import Media, OneOf, Product
from providers.order import Order, Origin, item_input, item_of
from storage.catalogue import Catalogue, Model
from storage.errors import (
    InsufficientTokensError,
    ModelUnavailableError,
    PriceChangedError,
    TooManyActiveItemsError,
    UnpricedValueError,
)
from storage.failures import FailureKind
from storage.inputs import Inputs
from storage.items import Item, JobView
from storage.jobs import Jobs, PlacedJob
from storage.maintenance import Maintenance
from storage.preferences import ALWAYS, NEVER, Preferences, PreferenceStore
from storage.prices import price_of
from storage.questions import Question, Questions

REFUSALS = (
    InsufficientTokensError,
    TooManyActiveItemsError,
    ModelUnavailableError,
    UnpricedValueError,
)
MODEL_CUTOFF = 0.4  # how much of a name is to be right, that it is meant
NAME_WORDS = 4  # of the name of a model
KNOWN_S = 86_400.0  # so long a person knows what they paid


class Asked(StrEnum):
    """Why there is a question in place of a job."""

    FIRST = "first"
    PRICE_CHANGED = "price_changed"  # an item costs more than the person was told


class Orders:
    """Takes orders from prompts, confirmed questions and buttons."""

    def __init__(
        self,
        *,
        settings: Settings,
        catalogue: Catalogue,
        jobs: Jobs,
        maintenance: Maintenance,
        preferences: PreferenceStore,
        questions: Questions,
        inputs: Inputs,
        daily: DailyTokens,
        messenger: Messenger,
        texts: Mapping[str, Texts],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._jobs = jobs
        self._maintenance = maintenance
        self._preferences = preferences
        self._questions = questions
        self._inputs = inputs
        self._daily = daily
        self._messenger = messenger
        self._texts = texts

    async def take(
        self,
        text: str,
        origin: Origin,
        *,
        pictures: Sequence[str] = (),
        given: int = 0,
        replied: str | None = None,
        unusable: FailureKind | None = None,
        about: int | None = None,
        item_id: int | None = None,
        explicit: bool = False,
        aside: bool = False,
    ) -> None:
        """Charge and queue what somebody wrote, or ask first, or say why not. Safe to repeat: a
        message has one job, however often it comes.

        `pictures` (Telegram's file ids) came with the words, in an album of `given` items maybe;
        as many are taken as the product takes. Without them it is `replied`, which stands in the
        message that the words reply to (`about`), and its original where that is the person's own.
        `unusable` is what is wrong with one that came. Flags alone, in reply to a picture of ours,
        are a change of what was asked for then; `item_id` is what that picture says it is. What is
        `explicit` came with a command, so that there is no doubt; said `aside` are words to a
        picture in a group.
        """
        refusal = await self._take(
            text,
            origin,
            pictures,
            given,
            replied,
            unusable,
            about,
            item_id,
            explicit=explicit,
            aside=aside,
        )
        if refusal is not None:
            self._messenger.say(origin.chat_id, refusal, reply_to=origin.message_id)

    async def _take(
        self,
        text: str,
        origin: Origin,
        pictures: Sequence[str],
        given: int,
        replied: str | None,
        unusable: FailureKind | None,
        about: int | None,
        item_id: int | None,
        *,
        explicit: bool,
        aside: bool,
    ) -> str | None:
        """The answer that refuses it, or None when it was taken."""
        texts = self._texts[origin.language]
        earlier = await self._changed_by(
            text, origin.chat_id, about, item_id, with_picture=bool(pictures)
        )
        if earlier is None and unusable is not None:
            return texts.input_refused(unusable)
        closed = await self._maintenance.text()
        if closed is not None and not await self._jobs.is_placed(origin.chat_id, origin.message_id):
            return texts.maintenance(closed)
        own = await self._preferences.get(origin.user_id)
        try:
            said = model_said(text)
        except PromptError as error:
            return texts.prompt_error(error, FIRST)
        named = said[0] if said else None
        wanted = named or (earlier.order.model if earlier else own.model)
        model = await self._catalogue.on_sale(wanted)
        if model is None:
            return texts.no_model()
        if said is not None and (refusal := await self._not_meant(text, said, texts)):
            return refusal
        product = model.product
        if earlier is not None and not is_of_result(product, earlier):
            base = order_like(earlier, model)
            base = replace(base, inputs=await self._shared(base.inputs, origin.user_id))
        else:
            of_earlier = earlier.order.prompt if earlier is not None and not pictures else ""
            pictures = pictures or await self._pictures(origin, replied, about, item_id)
            base = order_with(own, model, pictures[: max(product.pictures, 1)])
            base = replace(base, prompt=of_earlier)
        try:
            order = parse(
                text,
                product,
                base,
                max_quantity=self._settings.max_quantity,
                allowed_options=model.allowed_options,
            )
        except PromptError as error:
            return texts.prompt_error(error, product)
        with_picture = bool(order.inputs)
        if with_picture and product.picture is None:
            await self._inputs.drop(origin.user_id)  # else the words alone would get it, too
            return texts.model_takes_no_picture(model.name)
        if not with_picture and product.models.text is None:
            return texts.needs_picture(model.name)
        left_out = ""
        taken, given = len(order.inputs), max(given, len(pictures))
        if earlier is None and taken < given:
            left_out = texts.left_out(taken, given, model.name if taken < len(pictures) else "")
        doubt = None
        if own.ask is None and not explicit:
            doubt = doubt_of(text, product, with_picture=with_picture, aside=aside)
        try:
            price = price_of(model, order)
        except UnpricedValueError as error:
            kept = own.of(model.provider).get(error.field.param)
            is_kept = kept is not None and error.field.word(kept) == error.value
            return texts.refused(error) + (" " + texts.kept_in_settings() if is_kept else "")
        question = Question(order, origin, price, doubt=bool(doubt) and not origin.late)
        off_sale = None
        if wanted is not None and wanted != model.slug:
            off_sale = await self._catalogue.even_removed(wanted)
        of_another_kind = off_sale is not None and (
            off_sale.product.is_tool or off_sale.product.media is not product.media
        )
        dearer = own.ask is None and await self._is_dearer(price, origin.user_id, own, earlier)
        ask = own.ask == ALWAYS or doubt is not None or origin.late or dearer or of_another_kind
        try:
            placed = await self._draw(
                question,
                model,
                ask=ask,
                told_price=price,
                off_sale=off_sale,
                left_out=left_out,
                dearer=dearer,
            )
        except REFUSALS as error:
            if not isinstance(error, InsufficientTokensError):
                return texts.refused(error)
            if doubt is Doubt.TALK:  # a greeting is not answered with the balance
                how = texts.how_to_ask(
                    price, product.media, balance=error.balance, in_group=not origin.in_private
                )
                keyboard = buy_keyboard(texts) if origin.in_private else ()
                self._messenger.say(
                    origin.chat_id, how, reply_to=origin.message_id, keyboard=keyboard
                )
                return None
            await self._questions.wait_for_tokens(question)
            await self._offer_tokens(origin, error)
            return None
        if isinstance(placed, PlacedJob):
            other = texts.drawn_by_another(off_sale.name, model) if off_sale is not None else ""
            for notice in filter(None, (other, left_out)):
                self._messenger.say(origin.chat_id, notice, reply_to=origin.message_id)
        return None

    async def _not_meant(self, text: str, said: Sequence[str], texts: Texts) -> str:
        """What to say where the words behind `--model` begin with no slug, or with more of another
        model's name; empty where they name one."""
        on_sale = [each for each in await self._catalogue.all() if each.enabled]
        if not said:
            missing = MissingValueError("--model", OneOf(*(each.slug for each in on_sale)))
            return texts.prompt_error(missing, FIRST)
        for count in range(min(NAME_WORDS, len(said)), 1, -1):
            words = said[:count]
            named = [
                each
                for each in on_sale
                if each.slug == "-".join(words) or each.name.lower().startswith(" ".join(words))
            ]
            if named:
                model = next((each for each in named if each.slug == said[0]), named[0])
                whole = f"{model.name} {model.slug.replace('-', ' ')}".lower().split()
                # Half of a word may be none of the name: "kling 2 foxes"
                is_half = count < len(said) and words[-1] not in whole
                line = with_model(text, model.slug, count - is_half)
                return texts.model_not_on_sale(" ".join(words), on_sale, line)
        if said[0] in {each.slug for each in on_sale}:
            return ""
        slugs = {each.slug: each.slug for each in on_sale}  # before names: "klin" is no Kling 2.1
        slugs |= {each.name.lower(): each.slug for each in on_sale}
        begun = [name for name in slugs if name.startswith(said[0])]
        nearest = next(iter(begun or get_close_matches(said[0], slugs, 1, MODEL_CUTOFF)), None)
        instead = with_model(text, slugs[nearest]) if nearest else None
        return texts.model_not_on_sale(said[0], on_sale, instead)

    async def _is_dearer(
        self, price: int, user_id: int, own: Preferences, earlier: JobView | None
    ) -> bool:
        """Whether an item costs more than a person knows of. What they paid lately is looked up
        only where nothing else speaks for the price."""
        if price <= await self._usual_price(own, earlier):
            return False
        return price > await self._jobs.highest_price(user_id, KNOWN_S)

    async def _usual_price(self, own: Preferences, earlier: JobView | None) -> int:
        """The price of the earlier item, or of one with nothing but the person's own settings."""
        if earlier is not None:
            return earlier.job.price
        model = await self._catalogue.on_sale(own.model)
        if model is None:
            return 0
        try:
            return price_of(model, order_with(own, model, []))
        except UnpricedValueError:
            return model.price

    async def _changed_by(
        self, text: str, chat_id: int, about: int | None, item_id: int | None, *, with_picture: bool
    ) -> JobView | None:
        """What of ours is asked for again, with other flags; a film with other words, too, for
        nothing starts from a film."""
        if about is None:
            return None
        item_id = await self._jobs.picture_at(chat_id, about, item_id)
        if item_id is None:
            return None
        view = await self._jobs.view((await self._jobs.item(item_id)).job_id)
        in_other_words = view.media is Media.FILM and not with_picture
        return view if in_other_words or only_flags(text, view.model.product) else None

    async def _pictures(
        self, origin: Origin, replied: str | None, about: int | None, item_id: int | None
    ) -> Sequence[str]:
        """The pictures that words are for though none came with them: that of the message they
        reply to, which may be a question about one; or what was sent before."""
        if about is not None:
            item_id = await self._jobs.picture_at(origin.chat_id, about, item_id)
            item = await self._jobs.item(item_id) if item_id is not None else None
            if item is not None and (await self._jobs.view(item.job_id)).media is Media.FILM:
                return []
            if item is not None and item.user_id == origin.user_id and item.file_key is not None:
                return [item_input(item.item_id)]
            if file_id := replied or (item.sent_file_id if item is not None else None):
                return [file_id]
        held = await self._inputs.held(origin.user_id) if origin.in_private else None
        return held.inputs if held else []

    async def _shared(self, inputs: Sequence[str], user_id: int) -> tuple[str, ...]:
        """The pictures of an earlier order for whoever changes it, in a group maybe somebody else:
        of an original that is not theirs what Telegram has of it."""
        shared = []
        for source in inputs:
            item_id = item_of(source)
            item = await self._jobs.item(item_id) if item_id is not None else None
            if item is not None and item.user_id != user_id:
                source = item.sent_file_id or source
            shared.append(source)
        return tuple(shared)

    async def answer(
        self,
        chat_id: int,
        message_id: int,
        user_id: int,
        card_id: int | None,
        texts: Texts,
        *,
        yes: bool,
        never_again: bool = False,
    ) -> str:
        """Draw what a person was asked about (or not), and return what to answer to the press;
        `never_again` is a yes after which nothing is asked any more. `card_id` is the message that
        asked, in the same chat.

        Safe to repeat: the first answer counts, and a message has one job.
        """
        question = await self._questions.get(chat_id, message_id, user_id)
        if question is None:
            if await self._jobs.is_placed(chat_id, message_id):  # a second press of one thumb
                return texts.question_answered()
            return texts.question_gone()
        if not yes:
            await self._questions.drop(chat_id, message_id)
            if card_id is not None:
                self._messenger.change(chat_id, card_id, texts.question_dropped())
            return ""
        origin = replace(question.origin, language=texts.language)
        closed = await self._maintenance.text()
        if closed is not None:
            self._messenger.say(chat_id, texts.maintenance(closed), reply_to=origin.reply_to)
            return ""
        model = await self._catalogue.get(question.order.model)
        if model is None or not model.enabled:
            await self._questions.drop(chat_id, message_id)
            name = model.name if model else question.order.model
            said = texts.model_went_off_sale(name)
            if card_id is not None:
                self._messenger.change(chat_id, card_id, said)
            else:
                self._messenger.say(chat_id, said, reply_to=origin.reply_to)
            return ""
        # It may have waited for long.
        order = replace(question.order, options=without_closed(question.order.options, model))
        question = replace(question, order=order, origin=origin)
        try:
            taken = await self._draw(question, model, told_price=question.price, card_id=card_id)
        except REFUSALS as error:
            # The question stays: it can be answered when there is room, or are tokens.
            if isinstance(error, InsufficientTokensError):
                await self._offer_tokens(origin, error)
            else:
                self._messenger.say(chat_id, texts.refused(error), reply_to=origin.reply_to)
            return ""
        if isinstance(taken, Asked):
            return texts.price_changed()
        if never_again:
            await self._preferences.change(user_id, ask=NEVER)
        await self._questions.drop(chat_id, message_id)
        if never_again:
            return texts.asked_no_more()
        return "" if taken else texts.question_answered()

    async def again(
        self, item: Item, origin: Origin, texts: Texts, *, told_price: int | None
    ) -> tuple[str, bool]:
        """Draw what an item was asked for by once more, in answer to a button under it, and
        return what to answer to the press, and whether as an alert.

        Asked about first is who wants that always, and where an item costs more now than the
        `told_price` that the button showed. Safe to repeat, and two presses of one thumb are one.
        """
        if (closed := await self._maintenance.text()) is not None:
            return texts.maintenance_in_short(closed), True
        view = await self._jobs.view(item.job_id)
        job = view.job
        model = await self._catalogue.get(job.order.model)
        if model is None or not model.enabled:
            return texts.model_gone(view.model.name), True
        try:  # as it is taken today: the model may have other fields by now
            order = parse("", model.product, job.order, max_quantity=self._settings.max_quantity)
        except PromptError as error:
            said = texts.prompt_error(error, model.product)
            self._messenger.say(origin.chat_id, said, reply_to=origin.reply_to)
            return "", False
        order = replace(
            order,
            options=without_closed(job.order.options, model),
            # The job has the model's options of its day: those of today do not come on top.
            named=frozenset(model.options),
        )
        if origin.chat_id == job.origin.chat_id:
            origin = replace(origin, reply_to_message_id=job.origin.reply_to)
        taken = await self._draw_pressed(order, model, origin, texts, told_price)
        if isinstance(taken, tuple):
            return taken
        return texts.again_taken(taken, view.media) if taken else texts.again_already(), False

    async def use(
        self,
        item: Item,
        source: str,
        button: UseButton,
        origin: Origin,
        texts: Texts,
    ) -> tuple[str, bool]:
        """Make something else of a picture, in answer to a button under it: see `again`. `source`
        is the picture as orders have it."""
        if (closed := await self._maintenance.text()) is not None:
            return texts.maintenance_in_short(closed), True
        view = await self._jobs.view(item.job_id)
        model = await self._catalogue.get(button.slug)
        if model is None or not model.enabled:
            return texts.use_gone(model.name if model else button.slug), True
        if view.media is Media.FILM or model.product.models.picture is None:
            return texts.not_your_picture(), True
        own = await self._preferences.get(item.user_id)
        try:
            order = order_from(view.order, own, model, source, button.value)
        except PromptError as error:
            said = texts.prompt_error(error, model.product)
            self._messenger.say(origin.chat_id, said, reply_to=origin.reply_to)
            return "", False
        taken = await self._draw_pressed(order, model, origin, texts, button.price)
        if isinstance(taken, tuple):
            return taken
        return texts.use_taken(taken) if taken else texts.use_already(), False

    async def _draw_pressed(
        self, order: Order, model: Model, origin: Origin, texts: Texts, told_price: int | None
    ) -> PlacedJob | tuple[str, bool] | None:
        """Charge and queue what a button stands for; or what to answer to the press instead, and
        whether as an alert. None: it was pressed twice."""
        own = await self._preferences.get(origin.user_id)
        try:
            question = Question(order, origin, price_of(model, order))
        except UnpricedValueError as error:
            return plain(texts.refused(error)), True
        try:
            taken = await self._draw(
                question,
                model,
                told_price=told_price,
                ask=own.ask == ALWAYS or told_price is None,
            )
        except InsufficientTokensError as error:
            await self._questions.wait_for_tokens(question)
            await self._offer_tokens(origin, error)
            return "", False
        except (TooManyActiveItemsError, UnpricedValueError) as error:
            return plain(texts.refused(error)), True
        except ModelUnavailableError:
            return texts.use_gone(model.name), True
        if isinstance(taken, Asked):
            return texts.price_changed() if taken is Asked.PRICE_CHANGED else "", False
        return taken

    async def _offer_tokens(self, origin: Origin, error: InsufficientTokensError) -> None:
        """Say that they are too few, with a button that leads to more, for this request. What
        somebody has is nobody else's business in a group."""
        texts = self._texts[origin.language]
        if origin.in_private:
            said, keyboard = texts.refused(error), buy_keyboard(texts, origin.message_id)
        else:
            link = await self._messenger.link(deep_link((origin.chat_id, origin.message_id)))
            said, keyboard = texts.too_few_in_group(error), buy_link_keyboard(texts, link)
        self._messenger.say(origin.chat_id, said, reply_to=origin.reply_to, keyboard=keyboard)

    async def _draw(
        self,
        question: Question,
        model: Model,
        *,
        ask: bool = False,
        told_price: int | None = None,
        off_sale: Model | None = None,
        left_out: str = "",
        dearer: bool = False,
        card_id: int | None = None,
    ) -> PlacedJob | Asked | None:
        """Charge and queue, or ask first; None when the message has its job already.

        What is asked, and the progress, is shown on the card that asked, if there is one.
        """
        await self._give_daily(question)
        if ask:
            await self._show(question, model, off_sale, left_out=left_out, dearer=dearer)
            return Asked.FIRST
        order, origin = question.order, question.origin
        try:
            return await self._jobs.place(
                order,
                origin,
                max_active_items=self._settings.user_max_active_images,
                told_price=told_price,
                card_id=card_id,
            )
        except PriceChangedError as error:
            at_new_price = replace(question, price=error.price)
            await self._show(at_new_price, replace(model, price=error.price), None, card_id)
            return Asked.PRICE_CHANGED

    async def _give_daily(self, question: Question) -> None:
        """The free tokens of the day, to who cannot pay for one item."""
        origin = question.origin
        given = await self._daily.give(origin.user_id, question.price, language=origin.language)
        if given.new:
            text = self._texts[origin.language].daily_with_request(given.amount)
            self._messenger.say(origin.chat_id, text, reply_to=origin.reply_to)

    async def _show(
        self,
        question: Question,
        model: Model,
        off_sale: Model | None,
        card_id: int | None = None,
        *,
        left_out: str = "",
        dearer: bool = False,
    ) -> None:
        """Show what would be drawn and its cost, and wait for a yes."""
        balance = await self._questions.ask(question)
        if balance is None:  # the message came again; its job is on its way
            return
        origin = question.origin
        texts = self._texts[origin.language]
        other = off_sale.name if off_sale else None
        text = texts.question(question, model, balance, other, left_out, dearer=dearer)
        never = texts.never_button() if question.doubt else ""
        keyboard = question_keyboard(
            texts.yes_button(model.product),
            texts.no_button(model.product),
            never,
            origin.message_id,
        )
        if card_id is None:
            self._messenger.say(origin.chat_id, text, reply_to=origin.reply_to, keyboard=keyboard)
        else:
            self._messenger.change(origin.chat_id, card_id, text, keyboard=keyboard)


def is_of_result(product: Product, earlier: JobView) -> bool:
    """Whether a product begins with the picture that another one made, and not with its words:
    what does something to a picture, and a film in reply to a picture."""
    if product.is_tool:
        return True
    if product.picture is None or earlier.model.product.media is not Media.IMAGE:
        return False
    return product.models.text is None or product.is_film


def order_like(earlier: JobView, model: Model) -> Order:
    """What a change begins with: the order as it was, but for one picture: to one was replied."""
    order = replace(earlier.order, model=model.slug, quantity=1)
    order = replace(order, inputs=order.inputs[: max(model.product.pictures, 1)])
    same = earlier.model.provider == model.provider
    return replace(order, options=without_closed(order.options, model) if same else {})


def order_from(drawn: Order, own: Preferences, model: Model, source: str, value: str) -> Order:
    """What a button under a picture stands for: the words are those of the picture, and whatever
    else costs more is as the button says."""
    product = model.product
    base = order_with(own, model, [source])
    dearer = {field.param for field in product.priced}
    params = {param: each for param, each in base.params.items() if param not in dearer}
    base = replace(base, prompt=drawn.prompt, params=params, quantity=1)
    said = f"--{product.priced[0].flag} {value}" if value and product.priced else ""
    return parse(said, product, base, max_quantity=1)


def order_with(own: Preferences, model: Model, pictures: Sequence[str]) -> Order:
    """The order with the person's settings in place of flags that they did not give."""
    return Order(
        model=model.slug,
        prompt="",
        # Films are few, and what is set for pictures is none of theirs.
        quantity=(own.quantity or 1) if "n" in model.product.settings else 1,
        params=own.of(model.provider),
        inputs=tuple(pictures),
        named=frozenset(own.of(model.provider)),
    )
