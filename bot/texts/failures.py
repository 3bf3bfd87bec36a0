"""Why an item failed ("Midjourney (KIE) returned no image links"), and what the person can do."""

from bot.telegram.html import quoted
from bot.texts.base import sentence
from bot.texts.results import ResultTexts
from providers.base import Media
from storage.failures import FailureKind

DETAIL_UNITS = 1000  # all of it, where there is room: 500 characters are stored


class FailureTexts(ResultTexts):
    """A sentence for each kind of failure."""

    def failure(
        self,
        kind: FailureKind,
        detail: str,
        product: str,
        media: Media = Media.IMAGE,
        *,
        in_words: bool = True,
    ) -> str:
        """Who said no, with the provider's own words where it has any, and what to do: reword it,
        too, where it was asked for `in_words`."""
        said = quoted(detail, DETAIL_UNITS)
        create_error = f"{product} createTask error {said}".rstrip()
        later = self._("Try again later.")
        again = self._("Try again later, or reword your prompt.") if in_words else later
        match kind:
            case FailureKind.CREATE_REFUSED:
                parts = [sentence(create_error), again]
            case FailureKind.INPUT_MISMATCH:
                told = self._(
                    "{product} has changed at the service, and nothing was sent; the team has been"
                    " notified."
                )
                parts = [told.format(product=product)]
            case FailureKind.NO_CREDIT:
                told = self._(
                    "The bot has run out of credit with the service; the team has been notified."
                )
                parts = [sentence(create_error), told, later]
            case FailureKind.NO_ACCESS:
                told = self._("The service rejects the bot's API key; the team has been notified.")
                parts = [sentence(create_error), told, later]
            case FailureKind.NOT_TAKEN:
                why = self._("The service is overloaded and is not accepting requests.")
                parts = [sentence(create_error), why, later]
            case FailureKind.NO_ANSWER:
                parts = [sentence(create_error), self._("The service did not answer."), later]
            case FailureKind.GENERATION_FAILED:
                silent = self._("{product} could not make this and gave no reason.")
                parts = [sentence(said) or silent.format(product=product), again]
            case FailureKind.NO_RESULT:
                parts = [self.no_links(media).format(product=product), later]
            case FailureKind.RECORD_GONE:
                parts = [sentence(f"KIE.AI recordInfo error {said}".rstrip()), later]
            case FailureKind.TIMED_OUT:
                parts = [self._("{product} did not finish in time.").format(product=product), later]
            case FailureKind.NOT_FETCHED:
                parts = [self.not_downloaded(media).format(product=product), later]
            case FailureKind.RESULT_REFUSED:
                parts = [self.not_usable(media).format(product=product), later]
            case FailureKind.NOT_DELIVERED:
                parts = [self.not_accepted(media), later]
            case FailureKind.INTERNAL:
                parts = [self._("Something went wrong on our side."), later]
            case _:
                parts = [self._own_failure(kind)]
        return " ".join(parts)

    def _own_failure(self, kind: FailureKind) -> str:
        """About the picture that the person sent, or what the team did."""
        match kind:
            case FailureKind.INPUT_GONE:
                return self._("Telegram no longer lets me download your picture. Send it again.")
            case FailureKind.INPUT_TOO_LARGE:
                return self._("Your picture is too large. Send a smaller one.")
            case FailureKind.INPUT_NOT_A_PICTURE:
                return self._("I cannot read this file as a picture. Send a PNG, JPEG or WebP.")
            case FailureKind.INPUT_ANIMATED:
                return self._("Your picture is animated. Send a still picture.")
            case FailureKind.INPUT_BROKEN:
                return self._("Your picture is damaged and cannot be read. Send it again.")
            case FailureKind.INPUT_NOT_UPLOADED:
                return self._(
                    "Your picture could not be uploaded; the team has been notified. Try again"
                    " later."
                )
            case FailureKind.GIVEN_UP:
                return self._("It took too long, so the team stopped it. You can send it again.")
            case _:
                raise TypeError(f"no sentence for {kind}")

    def no_links(self, media: Media) -> str:
        """With the `product`: it says that it is done, and no more."""
        if media is Media.FILM:
            return self._("{product} returned no video links.")
        return self._("{product} returned no image links.")

    def not_downloaded(self, media: Media) -> str:
        """With the `product`: its result is gone."""
        if media is Media.FILM:
            return self._("{product} made the video, but it could not be downloaded.")
        return self._("{product} drew it, but the picture could not be downloaded.")

    def not_usable(self, media: Media) -> str:
        """With the `product`: its result is something else."""
        if media is Media.FILM:
            return self._("{product} returned a file that is not a usable video.")
        return self._("{product} returned a file that is not a usable picture.")

    def not_accepted(self, media: Media) -> str:
        """Telegram refused it."""
        if media is Media.FILM:
            return self._("Telegram did not accept the video.")
        return self._("Telegram did not accept the picture.")
