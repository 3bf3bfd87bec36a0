"""What the operator sets: the environment, or `.env`; the environment wins."""

import itertools
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Url = str
Bucket = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Settings(BaseSettings):
    """Checked once at the start and passed on, never a global.

    A description says what a value has to be: it is what the operator reads when it is not.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_file_encoding="utf-8"
    )

    bot_token: SecretStr = Field(
        description="the token from @BotFather, like 123456789:AAEhBP0av28"
    )
    telegram_api_url: Url = Field(
        default="https://api.telegram.org", description="an address like https://api.telegram.org"
    )
    admin_ids: Annotated[frozenset[int], NoDecode] = Field(
        default=frozenset(), description="Telegram ids, comma separated, like 1001,1002"
    )
    data_dir: Path = Field(default=Path("data"), description="a folder that can be written to")
    midjourney_kie_api_key: SecretStr | None = Field(
        default=None, description="a key from kie.ai, without blanks"
    )
    kie_api_key: SecretStr | None = Field(
        default=None,
        description="the key from kie.ai/api-key (or set MIDJOURNEY_KIE_API_KEY)",
    )
    midjourney_kie_base_url: Url = Field(
        default="https://api.kie.ai", description="an address like https://api.kie.ai"
    )
    midjourney_kie_text_model: str = Field(
        default="midjourney/v6-text-to-image", description="a model name of KIE's"
    )
    midjourney_kie_image_model: str = Field(
        default="midjourney/v6-image-to-image", description="a model name of KIE's"
    )
    midjourney_kie_poll_interval: Seconds = Field(default=3, description="seconds, above 0")
    midjourney_kie_poll_timeout: Seconds = Field(default=900, description="seconds, above 0")
    midjourney_kie_request_timeout: Seconds = Field(default=60, description="seconds, above 0")
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
    supabase_service_role_key: SecretStr | None = Field(
        default=None,
        description="the service_role key of the project, together with SUPABASE_URL",
    )
    supabase_input_bucket: Bucket = Field(
        default="bot-images", description="the name of a public bucket"
    )
    supabase_image_bucket: Bucket = Field(
        default="images", description="the name of a public bucket"
    )
    supabase_video_bucket: Bucket = Field(
        default="videos", description="the name of a public bucket"
    )
    keep_files_days: int = Field(
        default=0, ge=0, le=36_500, description="a whole number of days, 0 for ever"
    )
    welcome_tokens: int = Field(
        default=79, ge=0, le=1_000_000, description="a whole number from 0 to 1000000"
    )
    max_quantity: int = Field(default=4, ge=1, le=10, description="a whole number from 1 to 10")
    user_max_active_images: int = Field(
        default=8, ge=1, le=10_000, description="a whole number from 1 to 10000"
    )
    user_messages_per_minute: int = Field(
        default=60, ge=1, le=100_000, description="a whole number from 1 to 100000"
    )
    stale_prompt_minutes: Annotated[float, Field(gt=0)] = Field(
        default=60, description="minutes, above 0"
    )
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

    @field_validator("midjourney_kie_api_key", "kie_api_key", "supabase_service_role_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        key = value.get_secret_value().strip()
        if not _is_header(key):
            raise ValueError("no key" if key else "missing")
        return SecretStr(key)

    @field_validator(
        "telegram_api_url", "midjourney_kie_base_url", "kie_upload_url", "supabase_url"
    )
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
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

    @model_validator(mode="before")
    @classmethod
    def _name_missing(cls, data: dict[str, Any]) -> dict[str, Any]:
        """What is needed beside, or in place of, another setting is named when it is absent."""
        if not data.get("midjourney_kie_api_key"):
            data.setdefault("kie_api_key", "")
        for one, other in itertools.permutations(("supabase_url", "supabase_service_role_key")):
            if data.get(one):
                data.setdefault(other, "")
        return data

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @property
    def midjourney_key(self) -> str:
        """The key that Midjourney's tasks are created with."""
        key = self.midjourney_kie_api_key or self.kie_api_key
        return key.get_secret_value() if key else ""

    @property
    def secrets(self) -> list[str]:
        """What must never stand in a log."""
        values = (
            self.bot_token,
            self.kie_api_key,
            self.midjourney_kie_api_key,
            self.supabase_service_role_key,
        )
        return [value.get_secret_value() for value in values if value]


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings.

    Raises:
        ValidationError: see `explain`.
    """
    return Settings(_env_file=env_file)


def explain(error: ValidationError) -> list[str]:
    """One line for each wrong variable: its name and what is expected, never its value."""
    lines = {}
    for each in error.errors(include_input=False, include_context=False, include_url=False):
        field = str(each["loc"][0])
        expected = Settings.model_fields[field].description
        absent = each["type"] == "missing" or each["msg"].endswith("missing")
        lines[field] = f"{field.upper()}: {'missing' if absent else 'wrong'}; expected {expected}"
    if "missing" in lines.get("bot_token", ""):
        lines["bot_token"] += " (to see the bot work without any account: make demo)"
    return list(lines.values())


def _is_header(value: str) -> bool:
    """Whether a secret can be sent: printable ASCII without blanks."""
    return bool(value) and value.isascii() and value.isprintable() and " " not in value
