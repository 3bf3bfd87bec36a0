"""Input pictures: downloaded from Telegram, converted to PNG and uploaded, once per job."""

import asyncio
import logging
from pathlib import Path

from stamina import AsyncRetryingCaller

from bot.admin.alerts import Alerts
from bot.media.conversion import convert
from bot.media.kinds import InputError
from bot.media.uploads import Upload, UploadRefusedError, UploadUnavailableError
from bot.pipeline.fair_queue import FairQueue
from bot.pipeline.progress import Progress
from bot.service_limits import KIE_UPLOAD_LIFE_S
from bot.telegram.downloads import TelegramDownloads, TelegramUnavailableError
from bot.tools.clock import CLOCK, Clock
from storage.failures import FailureKind
from storage.files import DiskFiles
from storage.items import Item, Job
from storage.jobs import Jobs

# An older one is uploaded anew: KIE may be hours from fetching it.
UPLOAD_LASTS_S = KIE_UPLOAD_LIFE_S - 4 * 3600.0
CONVERSIONS = 2  # at once: each may take a core and some hundred megabytes
INPUT_RETRY = AsyncRetryingCaller(
    attempts=5, timeout=90.0, wait_initial=1.0, wait_max=15.0, wait_jitter=1.0
)

logger = logging.getLogger(__name__)


class InputPictures:
    """Makes the pictures that people sent available to the provider."""

    def __init__(
        self,
        jobs: Jobs,
        downloads: TelegramDownloads,
        files: DiskFiles,
        upload: Upload,
        *,
        alerts: Alerts,
        retry: AsyncRetryingCaller = INPUT_RETRY,
        clock: Clock = CLOCK,
    ) -> None:
        self._jobs = jobs
        self._downloads = downloads
        self._files = files
        self._upload = upload
        self._alerts = alerts
        self._retry = retry
        self._clock = clock
        self._converting = asyncio.Semaphore(CONVERSIONS)

    def url_of(self, job: Job) -> str | None:
        """The URL of the job's picture; None: it has to be prepared (again)."""
        age_s = abs(self._clock.now() - (job.input_uploaded_at or 0))  # the clock may be put back
        return job.input_url if age_s < UPLOAD_LASTS_S else None

    async def prepare(self, job: Job) -> None:
        """Put the job's picture where the provider finds it.

        Items of a job come here one after another: the first does the work.

        Raises:
            InputError: it cannot be used, or not be uploaded.
        """
        if job.order.input_file_id is None or self.url_of(job) is not None:
            return
        source = self._files.incoming(f"input-{job.job_id}")
        png = self._files.incoming(f"input-{job.job_id}.png")
        try:
            await self._fetch(job.order.input_file_id, source)
            async with self._converting:
                await convert(source, png)
            url = await self._send(png)
        finally:
            for path in (source, png):
                await asyncio.to_thread(path.unlink, missing_ok=True)
        self._alerts.upload_cleared()
        await self._jobs.input_uploaded(job.job_id, url)

    async def _fetch(self, file_id: str, path: Path) -> None:
        try:
            await self._retry(TelegramUnavailableError, self._downloads.fetch, file_id, path)
        except TelegramUnavailableError as error:
            raise InputError(FailureKind.INPUT_GONE, str(error)) from error

    async def _send(self, png: Path) -> str:
        try:
            return await self._retry(UploadUnavailableError, self._upload.upload, png)
        except (UploadUnavailableError, UploadRefusedError) as error:
            logger.error("%s: %s; %s", self._upload.trouble, error, error.advice)
            self._alerts.upload_trouble(f"{self._upload.trouble}: {error}. {error.advice}")
            raise InputError(FailureKind.INPUT_NOT_UPLOADED, str(error)) from error


class Prepare:
    """The first step of an item that starts from a picture; it has a queue of its own, so that
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
        """Put the picture where the provider finds it, and the item into the queue.

        Raises:
            InputError: see `InputPictures.prepare`.
        """
        await self.pictures.prepare((await self._jobs.view(item.job_id)).job)
        item = await self._jobs.item(item.item_id)
        if not item.status.ended:  # it was cancelled meanwhile
            self._then.put(item)
        self._progress.touch(item.job_id)  # it has a place now
