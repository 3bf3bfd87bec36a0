"""The operator's settings, from the environment and `.env`; the environment wins."""

import difflib
import hmac
import itertools
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from providers.base import ByInput
from providers.products import PRODUCTS
from storage.files import Buckets
from storage.ledger import DAY_S
from storage.referrals import ReferralTerms


def _is_url(value: str) -> str:
    if not value.strip():
        raise ValueError("missing")
    parts = urlsplit(value.strip())
    bare = not (parts.query or parts.fragment or parts.username)
    # `port` raises a ValueError of its own where there is none of that number.
    if parts.scheme not in {"http", "https"} or not bare or parts.port == 0:
        raise ValueError("no address")
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", parts.hostname or ""):
        raise ValueError("no address")
    return value.strip().rstrip("/")


def _is_key(value: SecretStr) -> SecretStr:
    key = value.get_secret_value().strip()
    if not _is_header(key):
        raise ValueError("no key" if key else "missing")
    return SecretStr(key)


def _is_header(value: str) -> bool:
    """Whether a secret can be sent: printable ASCII without blanks."""
    return bool(value) and value.isascii() and value.isprintable() and " " not in value


def _is_bind(value: str) -> str:
    parts = re.fullmatch(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", value.strip())
    if parts is None or not 0 < int(parts[2]) < 65_536:
        raise ValueError("no host and port" if value.strip() else "missing")
    return value.strip()


def _is_public_url(value: str) -> str:
    """An address to which paths can be added, such as Telegram and KIE can reach."""
    parts = urlsplit(value)
    if parts.scheme != "https" or parts.path:
        raise ValueError("no https address without a path")
    return value


def _is_keep(value: str) -> str:
    counts = value.split()
    if len(counts) != 3 or not all(each.isascii() and each.isdigit() for each in counts):
        raise ValueError("no three numbers")
    if not any(int(each) for each in counts):
        raise ValueError("nothing would be kept")
    return " ".join(counts)


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _is_secret_file(value: Any) -> Any:
    if value is BOTH:
        raise PydanticCustomError("secret_file", "set twice, with and without _FILE: remove one")
    if isinstance(value, str | Path):
        read_secret(Path(value))
    return value


def read_secret(path: Path) -> str:
    """What a file holds, without the end of its line.

    Raises:
        PydanticCustomError: nothing that could be a secret.
    """
    try:
        with path.open(encoding="utf-8") as file:
            secret = file.read(LONGEST_SECRET + 1).strip()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise PydanticCustomError("secret_file", "{why}", {"why": why}) from None
    except UnicodeDecodeError:
        raise PydanticCustomError("secret_file", "no text in UTF-8") from None
    if not secret:
        raise PydanticCustomError("secret_file", "empty")
    if len(secret) > LONGEST_SECRET:
        raise PydanticCustomError("secret_file", "too long")
    return secret


BOTH = object()  # in place of the name of a file whose value is set as well
LONGEST_SECRET = 10_000  # characters

Url = Annotated[str, AfterValidator(_is_url)]
Bind = Annotated[str, AfterValidator(_is_bind)]
PublicUrl = Annotated[Url, AfterValidator(_is_public_url)]
Keep = Annotated[str, AfterValidator(_is_keep)]
Switch = Annotated[Literal["on", "off"], BeforeValidator(_lower)]
SecretFile = Annotated[Path, BeforeValidator(_is_secret_file)]
Key = Annotated[SecretStr, AfterValidator(_is_key)]
Bucket = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
Seconds = Annotated[float, Field(gt=0, le=86_400)]

ENV_FILE = Path(".env")
LIKE_OURS = 0.85  # of 1: BOT_TOKKEN and KIE_API_KEYS are, XDG_DATA_DIRS is not
# Nobody else's variables begin so. SUPABASE_ is not among them: its own tools have some.
OUR_PREFIXES = (*(f"{key.upper()}_" for key in PRODUCTS), "KIE_")
ENVIRONMENT = "the environment"
SECRETS = ("_token", "_key")  # what the names of secrets end with
FILE = "_file"  # behind it: the name of a file that holds the secret
TELEGRAM_PORTS = {None, 443, 80, 88, 8443}  # which Telegram's webhooks may have
KIE_CALLBACKS = "/kie/"  # what the paths of KIE's callbacks begin with
# Of Railway's command line, which has them on other machines too.
RAILWAY_CLI = {"RAILWAY_TOKEN", "RAILWAY_API_TOKEN"}
HOST = r"https?://[A-Za-z0-9.-]*(:\d+)?(?![^/?#]*@)"
LONGEST_SHOWN = 24  # of a wrong value: what is longer may be a token that got into another's place


def _secret_file(secret: str) -> Any:
    return Field(
        default=None,
        description=f"a file that holds nothing but the value of {secret}, in its place",
    )


# What a film takes is another matter than what a picture does: KIE_POLL_... do not hold for it.
OF_FILMS = {"poll_interval": 10.0, "poll_timeout": 1800.0}  # seconds


@dataclass(frozen=True, slots=True)
class KieAccess:
    """How KIE is called."""

    base_url: str
    api_key: str = field(repr=False)
    request_timeout_s: float


@dataclass(frozen=True, slots=True)
class KieSettings:
    """What is set for one product of KIE's."""

    access: KieAccess
    models: ByInput
    poll_interval_s: float
    poll_timeout_s: float


class CommonSettings(BaseSettings):
    """Checked once at the start and passed on, never a global.

    A description says what a value has to be: it is what the operator reads when it is not.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_file_encoding="utf-8"
    )

    bot_token: SecretStr = Field(
        description="the token from @BotFather, like 123456789:AAEhBP0av28"
    )
    bot_token_file: SecretFile | None = _secret_file("BOT_TOKEN")
    telegram_api_url: Url = Field(
        default="https://api.telegram.org", description="an address like https://api.telegram.org"
    )
    admin_ids: Annotated[frozenset[int], NoDecode] = Field(
        default=frozenset(), description="Telegram ids, comma separated, like 1001,1002"
    )
    data_dir: Path = Field(default=Path("data"), description="a folder that can be written to")
    kie_api_key: Key | None = Field(
        default=None,
        description="the key from kie.ai/api-key (or set "
        + " or ".join(f"{key.upper()}_KIE_API_KEY" for key in PRODUCTS)
        + ")",
    )
    kie_api_key_file: SecretFile | None = _secret_file("KIE_API_KEY")
    kie_base_url: Url = Field(
        default="https://api.kie.ai", description="an address like https://api.kie.ai"
    )
    kie_poll_interval: Seconds = Field(default=3, description="seconds, above 0")
    kie_poll_timeout: Seconds = Field(default=900, description="seconds, above 0")
    kie_request_timeout: Seconds = Field(default=60, description="seconds, above 0")
    kie_upload_url: Url = Field(
        default="https://kieai.redpandaai.co",
        description="an address like https://kieai.redpandaai.co",
    )
    kie_low_credit: float = Field(
        default=200, ge=0, le=1_000_000_000, description="KIE credits, 0 or more"
    )
    supabase_url: Url | None = Field(
        default=None,
        description="the project's address, like https://abcdefgh.supabase.co, together with"
        " SUPABASE_SERVICE_ROLE_KEY",
    )
    supabase_service_role_key: Key | None = Field(
        default=None,
        description="the service_role key of the project, together with SUPABASE_URL",
    )
    supabase_service_role_key_file: SecretFile | None = _secret_file("SUPABASE_SERVICE_ROLE_KEY")
    supabase_input_bucket: Bucket = Field(
        default="bot-images", description="the name of a public bucket"
    )
    supabase_image_bucket: Bucket = Field(
        default="images", description="the name of a public bucket"
    )
    supabase_video_bucket: Bucket = Field(
        default="videos", description="the name of a public bucket"
    )
    token_price_usd: float = Field(
        default=0, ge=0, le=1_000, description="US dollars for one token, 0 for unknown"
    )
    keep_files_days: int = Field(
        default=0, ge=0, le=36_500, description="a whole number of days, 0 for ever"
    )
    welcome_tokens: int = Field(
        default=79, ge=0, le=1_000_000, description="a whole number from 0 to 1000000"
    )
    manual_payment_text: str = Field(
        default="", max_length=3000, description="at most 3000 characters"
    )
    daily_tokens: int = Field(
        default=0, ge=0, le=1_000_000, description="a whole number from 0 to 1000000, 0 for none"
    )
    referral_percent: int = Field(
        default=10, ge=0, le=100, description="a whole number from 0 to 100, 0 for none"
    )
    referral_hold_days: int = Field(
        default=21, ge=0, le=365, description="a whole number of days from 0 to 365"
    )
    referral_monthly_tokens: int = Field(
        default=7900, ge=1, le=100_000_000, description="a whole number from 1 to 100000000"
    )
    max_quantity: int = Field(default=4, ge=1, le=10, description="a whole number from 1 to 10")
    cancel_seconds: Annotated[float, Field(ge=0, le=60)] = Field(
        default=1.5, description="seconds from 0 to 60, 0 for none"
    )
    user_max_active_images: int = Field(
        default=8, ge=1, le=10_000, description="a whole number from 1 to 10000"
    )
    user_messages_per_minute: int = Field(
        default=60, ge=1, le=100_000, description="a whole number from 1 to 100000"
    )
    stale_prompt_minutes: Annotated[float, Field(gt=0)] = Field(
        default=60, description="minutes, above 0"
    )
    http_bind: Bind | None = Field(
        default=None,
        description="host and port, like 127.0.0.1:8080; PUBLIC_URL leads there and needs it",
    )
    webhook: Switch = Field(default="on", description="on or off")
    public_url: PublicUrl | None = Field(
        default=None,
        description="an address with https and without a path, like https://bot.example.org; for"
        " Telegram's webhook with no other port than 443, 80, 88 or 8443",
    )
    kie_webhook_hmac_key: Key | None = Field(
        default=None, description="the key that kie.ai shows under its settings for webhooks"
    )
    kie_webhook_hmac_key_file: SecretFile | None = _secret_file("KIE_WEBHOOK_HMAC_KEY")
    backup_dir: Path | None = Field(
        default=None, description="a folder that can be written to, and is not DATA_DIR"
    )
    backup_every_hours: float = Field(
        default=24, ge=0, le=8_760, description="hours from 0 to 8760, 0 for never"
    )
    backup_keep: Keep = Field(
        default="24 7 4",
        description='how many of hours, days and weeks are kept, like "24 7 4", not 0 of each',
    )
    backup_files: Switch = Field(default="off", description="on or off")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["text", "json"] = Field(default="text", description="text or json")

    @field_validator("bot_token")
    @classmethod
    def _is_token(cls, value: SecretStr) -> SecretStr:
        number, colon, rest = value.get_secret_value().strip().partition(":")
        if not (number.isascii() and number.isdigit() and colon and _is_header(rest)):
            raise ValueError("no token")
        return SecretStr(f"{number}:{rest}")

    @field_validator("admin_ids", mode="before")
    @classmethod
    def _split_ids(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("public_url")
    @classmethod
    def _is_for_telegram(cls, value: str | None, info: ValidationInfo) -> str | None:
        if (
            value
            and urlsplit(value).port not in TELEGRAM_PORTS
            and info.data.get("webhook") == "on"
        ):
            raise ValueError("no port for Telegram")
        return value

    @field_validator("backup_dir")
    @classmethod
    def _is_apart(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        data_dir = info.data.get("data_dir")
        if value and data_dir and value.absolute() == data_dir.absolute():
            raise ValueError("backups need a folder of their own")
        return value

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: dict[str, Any]) -> dict[str, Any]:
        return cls._name_missing(cls._read_files(data))

    @classmethod
    def _read_files(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Secrets from the files that are named in their place. What is wrong with a file is told
        by the validator of its name."""
        for secret in _secrets(cls):
            path = data.get(f"{secret}{FILE}")
            if path and data.get(secret):
                data[f"{secret}{FILE}"] = BOTH
            elif path:
                with suppress(PydanticCustomError):
                    data[secret] = read_secret(Path(path))
        return data

    @classmethod
    def _name_missing(cls, data: dict[str, Any]) -> dict[str, Any]:
        """What is needed beside, or in place of, another setting is named when it is absent."""
        if data.get("public_url"):
            data.setdefault("http_bind", "")
        if not any(data.get(f"{key}_kie_api_key") for key in PRODUCTS):
            data.setdefault("kie_api_key", "")
        for one, other in itertools.permutations(("supabase_url", "supabase_service_role_key")):
            if data.get(one):
                data.setdefault(other, "")
        return data

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    def kie(self, product: str, *, is_film: bool = False) -> KieSettings:
        """What is set for a product: its own settings, and KIE's for all where it has none. Where
        nothing is set, a film of a product that an admin added takes its time all the same."""
        api_key = self._of(product, "api_key")
        return KieSettings(
            KieAccess(
                self._of(product, "base_url"),
                api_key.get_secret_value() if api_key else "",
                self._of(product, "request_timeout"),
            ),
            ByInput(
                getattr(self, f"{product}_kie_text_model", None),
                getattr(self, f"{product}_kie_image_model", None),
            ),
            *(self._polling(product, name, is_film=is_film) for name in OF_FILMS),
        )

    def variable(self, product: str, name: str) -> str:
        """Which of the two variables holds for a product: its own, or KIE's for all."""
        return self._name(product, name).upper()

    def _name(self, product: str, name: str) -> str:
        own = f"{product}_kie_{name}"
        is_set = own in self.model_fields_set and getattr(self, own) is not None
        is_film = product in PRODUCTS and PRODUCTS[product].is_film
        return own if is_set or (is_film and name in OF_FILMS) else f"kie_{name}"

    def _polling(self, product: str, name: str, *, is_film: bool) -> float:
        variable = self._name(product, name)
        is_left = variable.startswith("kie_") and variable not in self.model_fields_set
        value: float = OF_FILMS[name] if is_film and is_left else getattr(self, variable)
        return value

    def _of(self, product: str, name: str) -> Any:
        return getattr(self, self._name(product, name))

    @property
    def buckets(self) -> Buckets:
        """Where Supabase keeps what."""
        return Buckets(
            inputs=self.supabase_input_bucket,
            images=self.supabase_image_bucket,
            videos=self.supabase_video_bucket,
        )

    @property
    def hidden_commands(self) -> frozenset[str]:
        """Commands of what is switched off, which the menu leaves out."""
        given = {
            "daily": self.daily_tokens,
            "invite": self.referral_percent,
            "transfers": self.manual_payment_text,
        }
        return frozenset(command for command, amount in given.items() if not amount)

    @property
    def referral_terms(self) -> ReferralTerms:
        """What inviters get."""
        return ReferralTerms(
            percent=self.referral_percent,
            hold_s=self.referral_hold_days * DAY_S,
            month_cap=self.referral_monthly_tokens,
        )

    @property
    def bot_id(self) -> int:
        """Telegram's number of the bot: its token begins with it."""
        return int(self.bot_token.get_secret_value().partition(":")[0])

    @property
    def http_address(self) -> tuple[str, int] | None:
        """Host and port to listen on, if the bot is to listen."""
        if self.http_bind is None:
            return None
        host, _, port = self.http_bind.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def uses_webhook(self) -> bool:
        """Whether Telegram posts updates, instead of being asked for them."""
        return self.public_url is not None and self.webhook == "on"

    @property
    def backups_kept(self) -> tuple[int, int, int]:
        """Of how many hours, days and weeks a backup is kept."""
        hours, days, weeks = map(int, self.backup_keep.split())
        return hours, days, weeks

    @property
    def backs_up_files(self) -> bool:
        """Whether backups have the pictures on disk, too."""
        return self.backup_files == "on"

    @property
    def telegram_path(self) -> str:
        """The last part of the address of Telegram's webhook."""
        return self._derive("telegram path")

    @property
    def telegram_secret(self) -> str:
        """What Telegram sends with each update, so that it is known as Telegram's."""
        return self._derive("telegram secret")

    @property
    def kie_path(self) -> str:
        """The last part of the address of KIE's callbacks."""
        return self._derive("kie path")

    @property
    def kie_callback_url(self) -> str | None:
        """Where KIE tells of a task's end; None: it cannot reach us."""
        return self.public_url and f"{self.public_url}{KIE_CALLBACKS}{self.kie_path}"

    def _derive(self, purpose: str) -> str:
        """43 characters of A-Za-z0-9_- that only who has the token can know: the same after each
        start, and nothing to keep."""
        token = self.bot_token.get_secret_value().encode()
        digest = hmac.digest(token, purpose.encode(), "sha256")
        return urlsafe_b64encode(digest).decode().rstrip("=")

    @property
    def secrets(self) -> list[str]:
        """The values that must never appear in a log."""
        values: list[SecretStr | None] = [getattr(self, name) for name in _secrets(type(self))]
        given = [value.get_secret_value() for value in values if value]
        return [*given, self.telegram_path, self.telegram_secret, self.kie_path]


def _secrets(settings: type[CommonSettings]) -> list[str]:
    return [name for name in settings.model_fields if name.endswith(SECRETS)]


def _of_products() -> Iterator[tuple[str, Any]]:
    """The settings of each product, beside those of KIE that hold where it has none."""
    common = CommonSettings.model_fields
    for key, product in PRODUCTS.items():
        of_key = Field(default=None, description="a key from kie.ai, without blanks")
        yield f"{key}_kie_api_key", (Key | None, of_key)
        of_file = _secret_file(f"{key.upper()}_KIE_API_KEY")
        yield f"{key}_kie_api_key{FILE}", (SecretFile | None, of_file)
        for name, model in (("text", product.models.text), ("image", product.models.picture)):
            if model is not None:
                of_model = Field(default=model, description="a model name of KIE's")
                yield f"{key}_kie_{name}_model", (str, of_model)
        for name in ("base_url", "poll_interval", "poll_timeout", "request_timeout"):
            behind = common[f"kie_{name}"]
            if product.is_film and name in OF_FILMS:
                of_film = Field(default=OF_FILMS[name], description=behind.description)
                yield f"{key}_kie_{name}", (Seconds, of_film)
            else:
                yield f"{key}_kie_{name}", (behind.annotation, behind)


if TYPE_CHECKING:
    Settings = CommonSettings
else:
    Settings = create_model("Settings", __base__=CommonSettings, **dict(_of_products()))


@dataclass(frozen=True, slots=True)
class Given:
    """A variable as it was written; `name` in capitals, `place` for people to read."""

    name: str
    value: str
    place: str


def given_in(env_file: Path | None = ENV_FILE) -> list[Given]:
    """What stands in the file, ours or not, and then what the environment has of any names."""
    given = []
    if env_file is not None and env_file.is_file():
        with env_file.open(encoding="utf-8", errors="replace") as file:
            for line in parse_stream(file):
                text = line.original.string
                number = line.original.line + text[: -len(text.lstrip())].count("\n")
                if line.key is not None:
                    place = f"{env_file.name} line {number}"
                    given.append(Given(line.key.upper(), line.value or "", place))
    return given + [Given(name.upper(), value, ENVIRONMENT) for name, value in os.environ.items()]


def misspelt(given: Iterable[Given]) -> list[tuple[Given, str]]:
    """Variables that look like misspelt settings, each with the closest name."""
    given = list(given)
    names = {field.upper() for field in Settings.model_fields}
    present = {each.name for each in given if each.value}
    absent = names - present - {name.removesuffix(FILE.upper()) for name in present}
    found = []
    for each in given:
        if each.name in names:
            continue
        in_file = each.place != ENVIRONMENT
        prefixes = (*OUR_PREFIXES, "SUPABASE_") if in_file else OUR_PREFIXES
        # TELEGRAM_BOT_TOKEN, in a file of ours where BOT_TOKEN is missing.
        longer = [name for name in absent if in_file and each.name.endswith(f"_{name}")]
        longer.sort(key=len, reverse=True)
        cutoff = 0.0 if each.name.startswith(prefixes) else LIKE_OURS
        nearest = longer or difflib.get_close_matches(each.name, sorted(names), 1, cutoff)
        if nearest:
            found.append((each, nearest[0]))
    return found


def load_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """Read the settings.

    Raises:
        ValidationError: see `explain`.
    """
    return Settings(_env_file=env_file)


def outside_volume(settings: Settings, environment: Mapping[str, str] = os.environ) -> str | None:
    """Why the bot must not start on Railway, which keeps nothing but volumes over a deploy."""
    if not any(name.startswith("RAILWAY_") for name in environment.keys() - RAILWAY_CLI):
        return None
    data_dir, volume = settings.data_dir.resolve(), environment.get("RAILWAY_VOLUME_MOUNT_PATH")
    if volume and data_dir.is_relative_to(Path(volume).resolve()):
        return None
    return (
        f"DATA_DIR: {data_dir} is not on a volume, and Railway's next deploy would remove it with"
        " all balances: attach a volume to the service"
        + (f", and set DATA_DIR={volume}" if volume else " at /data, and set DATA_DIR=/data")
    )


def explain(error: ValidationError, env_file: Path | None = ENV_FILE) -> list[str]:
    """A line for each wrong variable: what is expected, what was given and where, no secrets."""
    given = given_in(env_file)
    lines = {}
    for each in error.errors(include_input=False, include_context=False, include_url=False):
        field = str(each["loc"][0])
        expected = Settings.model_fields[field].description
        if each["type"] == "secret_file":
            what = f"{field.upper()}: {each['msg']}; expected {expected}"
            lines[field] = f"{what}{_wrong(field, given)}"
        elif each["type"] == "missing" or each["msg"].endswith("missing"):
            empty = [g.place for g in given if g.name == field.upper()]
            where = f" ({empty[-1]} has nothing behind the =)" if empty else ""
            lines[field] = f"{field.upper()}: missing; expected {expected}{where}"
        else:
            lines[field] = f"{field.upper()}: wrong; expected {expected}{_wrong(field, given)}"
    for field in [*lines]:
        if f"{field}{FILE}" in lines:  # it is not to be set itself
            del lines[field]
    if "missing" in lines.get("bot_token", ""):
        lines["bot_token"] += " (to see the bot work without any account: make demo)"
    told = [*lines.values(), *(misspelling(*each) for each in misspelt(given))]
    ours = {field.upper() for field in Settings.model_fields}
    if env_file is not None and not env_file.exists() and not ours & {g.name for g in given}:
        told.append(f"there is no {env_file.name} here: cp .env.example .env, and fill it in")
    return told


def misspelling(given: Given, nearest: str) -> str:
    """A line about a name that is none of ours."""
    return f"{given.name}: no setting has this name ({given.place}); the nearest is {nearest}"


def _wrong(field: str, given: Iterable[Given]) -> str:
    """What was given and where, as far as it may be shown."""
    names = {field.upper(), f"{field}{FILE}".upper()}
    effective = [each for each in given if each.name in names and each.value]
    if not effective:
        return ""
    value, place = effective[-1].value.strip(), effective[-1].place
    if field.endswith(SECRETS):
        if effective[-1].name.endswith(FILE.upper()):
            place = f"the file of {effective[-1].name}"
        return f"; what stands in {place} is not shown"
    address = re.match(HOST, value) if "_url" in field else None
    if address is not None:  # what is behind the host may be a key
        shown = address[0] + ("…" if address[0] != value else "")
    else:
        shown = repr(value) if len(value) <= LONGEST_SHOWN else f"{len(value)} characters"
    return f"; given {shown} ({place})"
