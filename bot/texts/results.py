"""What is said differently of pictures and of films."""

from bot.texts.base import BaseTexts
from providers.base import Media


class ResultTexts(BaseTexts):
    """One word for each: a picture, a video."""

    def being_made(self, media: Media) -> str:
        """The provider is at it."""
        if media is Media.FILM:
            return self._("Making the video.")
        return self._("Drawing the picture.")

    def made_again(self, media: Media) -> str:
        """The provider is to make it once more."""
        return self._("Making it again.") if media is Media.FILM else self._("Drawing it again.")

    def comes_late(self, media: Media, number: int) -> str:
        """The provider has made so many, which cannot be fetched."""
        if media is Media.FILM:
            return self._n(
                "The video is ready but cannot be downloaded yet. I will send it as soon as it"
                " can be.",
                "{n} videos are ready but cannot be downloaded yet. I will send them as soon as"
                " they can be.",
                number,
            ).format(n=number)
        return self._n(
            "The picture is ready but cannot be downloaded yet. I will send it as soon as it can"
            " be.",
            "{n} pictures are ready but cannot be downloaded yet. I will send them as soon as they"
            " can be.",
            number,
        ).format(n=number)

    def all_arrived(self, media: Media, number: int) -> str:
        """So many as were asked for."""
        if media is Media.FILM:
            text = self._n("Done, your video is here.", "Done, your {n} videos are here.", number)
        else:
            text = self._n(
                "Done, your picture is here.", "Done, your {n} pictures are here.", number
            )
        return text.format(n=number)

    def some_arrived(self, media: Media, done: int, count: int) -> str:
        """Fewer than were asked for, or none."""
        is_film = media is Media.FILM
        if not done:
            return self._("No video this time.") if is_film else self._("No picture this time.")
        text = (
            self._("{done} of {count} videos arrived.")
            if is_film
            else self._("{done} of {count} pictures arrived.")
        )
        return text.format(done=done, count=count)
