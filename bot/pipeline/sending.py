"""Results on their way into a chat: with what stands under them, or as a link."""

from collections.abc import Mapping

from bot.cards.result import picture_keyboard
from bot.media.kinds import UPLOAD_MAX_BYTES, Result
from bot.media.outbox import ResultUploader
from bot.telegram.buttons import Keyboard
from bot.telegram.lanes import SAY_ATTEMPTS
from bot.telegram.messenger import Losses, Messenger
from bot.texts import Texts
from storage.catalogue import Catalogue
from storage.items import Item, JobView, Sent


class Sender:
    """Sends a result in the way that its size allows."""

    def __init__(
        self,
        messenger: Messenger,
        texts: Mapping[str, Texts],
        result_uploader: ResultUploader | None,
        catalogue: Catalogue,
    ) -> None:
        self._messenger = messenger
        self._texts = texts
        self._result_uploader = result_uploader
        self._catalogue = catalogue

    async def send(
        self,
        chat_id: int,
        view: JobView,
        item: Item,
        result: Result,
        *,
        language: str,
        reply_to: int | None,
        attempts: float = SAY_ATTEMPTS,
        losses: Losses | None = None,
    ) -> Sent:
        """Send it to be looked at. Raises as `Messenger.send_result` does."""
        texts = self._texts[language]
        keyboard = await self.keyboard(view, item, language)
        if result.size_bytes <= UPLOAD_MAX_BYTES:
            return await self._messenger.send_result(
                chat_id,
                result,
                caption=texts.caption(view, item),
                name=file_name(view, item, result) if view.model.product.as_file else "",
                reply_to=reply_to,
                keyboard=keyboard,
                attempts=attempts,
                losses=losses,
            )
        stored = await self._result_uploader.store_now(item) if self._result_uploader else None
        return await self._messenger.send_link(
            chat_id,
            texts.too_large(
                view, item, stored or item.result_url or "", result.size_bytes, stays=bool(stored)
            ),
            reply_to=reply_to,
            keyboard=keyboard,
            attempts=attempts,
            losses=losses,
        )

    async def keyboard(self, view: JobView, item: Item, language: str) -> Keyboard:
        """What stands under it, with the prices of now."""
        on_sale = await self._catalogue.for_pictures()
        return picture_keyboard(self._texts[language], view, item, on_sale)


def file_name(view: JobView, item: Item, result: Result) -> str:
    """The name of its file, for people."""
    return f"{view.order.model}-{item.item_id}.{result.extension}"
