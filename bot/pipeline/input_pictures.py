"""Input pictures: downloaded, made to fit and uploaded, once per job.

Each upload is stored before the next begins: after a crash only what is missing is prepared.
"""

import asyncio
import logging
from pathlib import Path

from stamina import AsyncRetryingCaller

from bot.admin.alerts import Alerts
from bot.media.conversion import convert
from bot.media.kinds import INPUT_EXTENSIONS, InputError, Picture, inspect_picture
from bot.media.originals import OriginalMissingError, Originals
from bot.media.uploads import Upload, UploadRefusedError, UploadUnavailableError
from bot.pipeline.fair_queue import FairQueue
from bot.pipeline.progress import Progress
from bot.service_limits import KIE_INPUT_MAX_BYTES, KIE_UPLOAD_LIFE_S
from bot.telegram.downloads import TelegramDownloads, TelegramUnavailableError
from bot.tools.clock import CLOCK, Clock
from providers.base import Product
from providers.order import item_of
from storage.failures import FailureKind
from storage.files import DiskFiles
from storage.items import Item, Job, JobView
from storage.jobs import Jobs

# An older one is uploaded anew: KIE may be hours from fetching it.
UPLOAD_LASTS_S = KIE_UPLOAD_LIFE_S - 4 * 3600.0
CONVERSIONS = 2  # at once: each may take a core and some hundred megabytes
INPUT_RETRY = AsyncRetryingCaller(
    attempts=5, timeout=90.0, wait_initial=1.0, wait_max=15.0, wait_jitter=1.0
)

logger = logging.getLogger(__name__)


class InputPictures:
    """Makes the pictures that people sent, and originals of ours, available to the provider."""

    def __init__(
        self,
        jobs: Jobs,
        downloads: TelegramDownloads,
        originals: Originals,
        files: DiskFiles,
        upload: Upload,
        *,
        alerts: Alerts,
        retry: AsyncRetryingCaller = INPUT_RETRY,
        clock: Clock = CLOCK,
    ) -> None:
        self._jobs = jobs
        self._downloads = downloads
        self._originals = originals
        self._files = files
        self._upload = upload
        self._alerts = alerts
        self._retry = retry
        self._clock = clock
        self._converting = asyncio.Semaphore(CONVERSIONS)

    def urls_of(self, job: Job) -> list[str] | None:
        """The URLs of the job's pictures, in their order; None: one has to be prepared (again)."""
        urls = self._uploaded(job)
        positions = range(len(job.order.inputs))
        return [urls[each] for each in positions] if urls.keys() >= {*positions} else None

    def _uploaded(self, job: Job) -> dict[int, str]:
        """By position, the URLs that still last."""
        now = self._clock.now()  # which may have been put back since
        return {
            each.position: each.url
            for each in job.uploads
            if abs(now - each.uploaded_at) < UPLOAD_LASTS_S
        }

    async def prepare(self, view: JobView) -> None:
        """Put the job's pictures where the provider finds them.

        Items of a job come here one after another: the first does the work.

        Raises:
            InputError: one cannot be used, or not be uploaded.
        """
        job, product = view.job, view.model.product
        uploaded = self._uploaded(job)
        for position, source in enumerate(job.order.inputs):
            if position in uploaded:
                continue
            url = await self._put(job, source, product)
            self._alerts.upload_cleared()
            await self._jobs.input_uploaded(job.job_id, position, url)

    async def _put(self, job: Job, source: str, product: Product) -> str:
        """Upload one of them, and return its URL."""
        fetched = self._files.incoming(f"input-{job.job_id}")
        converted = self._files.incoming(f"input-{job.job_id}-converted")
        try:
            picture = await self._fetch(job, source, fetched)
            if picture is None or not _fits(picture, product):
                async with self._converting:
                    await convert(
                        fetched,
                        converted,
                        side_px=product.picture_side_px,
                        least_px=product.picture_least_px,
                        size_bytes=product.picture_bytes or KIE_INPUT_MAX_BYTES,
                    )
                picture = await asyncio.to_thread(inspect_picture, converted)
            return await self._send(picture)
        finally:
            for path in (fetched, converted):
                await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _fetch(self, job: Job, source: str, path: Path) -> Picture | None:
        """Write it to `path`; what nobody but the provider made is looked at, and need not be
        converted."""
        item_id = item_of(source)
        if item_id is None:
            await self._fetch_file(source, path)
            return None
        item = await self._jobs.owned(item_id, job.origin.user_id)
        if item is None:
            raise InputError(FailureKind.INPUT_GONE, f"item {item_id}")
        try:
            return await self._retry(OriginalMissingError, self._originals.copy_picture, item, path)
        except OriginalMissingError as error:
            if item.sent_file_id is None:
                raise InputError(FailureKind.INPUT_GONE, str(error)) from error
            logger.warning("%s is kept nowhere: Telegram's copy of it serves", error)
            await self._fetch_file(item.sent_file_id, path)
        return None

    async def _fetch_file(self, file_id: str, path: Path) -> None:
        try:
            await self._retry(TelegramUnavailableError, self._downloads.fetch, file_id, path)
        except TelegramUnavailableError as error:
            raise InputError(FailureKind.INPUT_GONE, str(error)) from error

    async def _send(self, picture: Picture) -> str:
        try:
            return await self._retry(UploadUnavailableError, self._upload.upload, picture)
        except (UploadUnavailableError, UploadRefusedError) as error:
            logger.error("%s: %s; %s", self._upload.trouble, error, error.advice)
            self._alerts.upload_trouble(f"{self._upload.trouble}: {error}. {error.advice}")
            raise InputError(FailureKind.INPUT_NOT_UPLOADED, str(error)) from error


class Prepare:
    """The first step of an item that starts from pictures; it has a queue of its own, so that
    words do not wait for pictures."""

    def __init__(
        self, jobs: Jobs, pictures: InputPictures, then: FairQueue, progress: Progress
    ) -> None:
        self.queue = FairQueue(with_picture=True)
        self.pictures = pictures
        self._jobs = jobs
        self._then = then
        self._progress = progress

    async def step(self, item: Item) -> None:
        """Put its pictures where the provider finds them, and the item into the queue.

        Raises:
            InputError: see `InputPictures.prepare`.
        """
        await self.pictures.prepare(await self._jobs.view(item.job_id))
        item = await self._jobs.item(item.item_id)
        if not item.status.ended:  # it was cancelled meanwhile
            self._then.put(item)
        self._progress.touch(item.job_id)  # it has a place now


def _fits(picture: Picture, product: Product) -> bool:
    """Whether the provider takes it as it is."""
    return (
        picture.extension in INPUT_EXTENSIONS
        and max(picture.width_px, picture.height_px) <= product.picture_side_px
        and min(picture.width_px, picture.height_px) >= product.picture_least_px
        and picture.size_bytes <= (product.picture_bytes or KIE_INPUT_MAX_BYTES)
    )
