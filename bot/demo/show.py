"""The demo's conversation, printed as it happens; its pictures and films go to a folder."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.demo.kie import KieSimulator
from bot.demo.telegram import Message, Person, TelegramEmulator

EXAMPLE = "рыжая лиса в снегу на закате --ar 16:9 --n 2"
QUIET_S = 4.0  # nothing was said for longer than the bot waits between two edits: it is over
GIFT = 921


@dataclass(slots=True)
class Show:
    """Somebody talks to the bot; `write` gets the lines, `folder` the pictures and films."""

    telegram: TelegramEmulator
    kie: KieSimulator
    folder: Path
    write: Callable[[str], None]
    pictures: list[Path] = field(default_factory=list)
    _shown: dict[tuple[int, int], str] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    async def run(self, prompt: str, admin: Person, image: bytes | None = None) -> list[Path]:
        """Talk until all is said; `image` is sent with the prompt. Returns where the pictures are.

        Raises:
            ValueError: a Telegram client would not send that.
        """
        anna = self.telegram.add_person(1001, "Анна", language_code="ru", username="anna")
        # All but the first are off in a new bot.
        models = [(admin, f"/enable {slug}") for slug in re.findall(r"--model\s+([\w-]+)", prompt)]
        for person, text in (
            (anna, "/start"),
            (admin, f"/grant {anna.user_id} {GIFT} подарок"),
            *models,
        ):
            person.send(text)
            await self._listen(0.5)
        if image is None:
            anna.send(prompt)
        else:
            anna.send_photo(image, caption=prompt)
        await self._listen(QUIET_S)
        if question := next((each for each in reversed(anna.messages) if each.buttons), None):
            button = question.buttons[0]
            if button.get("callback_data", "").startswith("ask:yes:"):  # it may be no prompt
                anna.press(question, button["text"])
                await self._listen(QUIET_S)
        anna.send("/balance")
        await self._listen(0.5)
        return self.pictures

    async def _listen(self, quiet_s: float) -> None:
        """Print what is new until everybody was answered and nothing is, for so long, and nothing
        is being drawn or on its way. The bot's first answers come when it has started."""
        while True:
            try:
                await self.telegram.wait_for(self._news, timeout_s=quiet_s)
            except TimeoutError:  # nothing new
                states = [task.state for task in self.kie.tasks]
                # What KIE has finished is painted when it is fetched, which may take its time.
                has_come = states.count("success") <= len(self.pictures)
                is_drawn = has_come and {*states} <= {"success", "fail"}
                chats = self.telegram.chats.values()
                if is_drawn and all(chat.messages[-1].from_bot for chat in chats if chat.messages):
                    return
            for message in self._news():
                self._print(message)

    def _news(self) -> list[Message]:
        """Messages that are not printed yet as they read now, in the order of their time."""
        messages = [each for chat in self.telegram.chats.values() for each in chat.messages]
        news = [each for each in messages if self._shown.get(_key(each)) != each.words]
        return sorted(news, key=lambda message: message.sent_at)

    def _print(self, message: Message) -> None:
        key = _key(message)
        mark = "✎ " if key in self._shown else ""
        self._shown[key] = message.words
        if message.photo or message.video or message.document:
            icon = "🎬" if message.video else "🖼"
            mark = f"{icon} {self._keep(message)} " if message.from_bot else f"{icon} "
        name = "бот" if message.from_bot else str(message.sender["first_name"])
        seconds = time.monotonic() - self._began
        lines = f"{mark}{message.words}".replace("\n", f"\n{'':18}")
        self.write(f"{seconds:6.1f} с  {name:<6} {lines}")

    def _keep(self, message: Message) -> Path:
        file = message.photo[-1] if message.photo else message.video or message.document
        assert file is not None  # noqa: S101 - it has one of both
        data = self.telegram.files[file.file_id].uploaded
        prompt = message.reply_to.words if message.reply_to else "picture"
        words = re.findall(r"\w+", prompt.split("--")[0].lower())[:5]
        extension = _extension(data)
        path = self.folder / f"{'-'.join(words)}-{len(self.pictures) + 1}.{extension}"
        path.write_bytes(data)
        self.pictures.append(path)
        return path


def _extension(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return "mp4"
    return "png" if data.startswith(b"\x89PNG") else "jpg"


def _key(message: Message) -> tuple[int, int]:
    return message.chat.chat_id, message.message_id
