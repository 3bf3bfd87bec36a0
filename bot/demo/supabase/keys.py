"""API keys: who asks, by the gateway's rules for `sb_` keys and Storage's for JWTs."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs

from bot.demo.base import Clock

from .refusal import DATABASE, RefusalError, bad_body, unauthorized

SERVICE = "service_role"
ROLES = ("anon", "authenticated", SERVICE)
YEARS_S = 10 * 365 * 86_400.0


class Keys:
    """The two keys of a project: JWTs made here, or an `sb_` key in place of the service's."""

    def __init__(self, secret: str, clock: Clock, service: str | None) -> None:
        if service is not None and not service.startswith("sb_secret_"):
            raise ValueError("a key of one's own starts with sb_secret_")
        self._secret = secret
        self._clock = clock
        self.service = service or self.jwt(SERVICE)
        self.anon = self.jwt("anon")

    def jwt(self, role: str | None, *, secret: str | None = None, lives_s: float = YEARS_S) -> str:
        """A signed key; `role` None leaves the role out, a negative life has ended already."""
        now = int(self._clock())
        claims = {"iss": "supabase", "role": role, "iat": now, "exp": int(now + lives_s)}
        if role is None:
            del claims["role"]
        head = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
        return f"{head}.{_sign(head, self._secret if secret is None else secret)}"

    @staticmethod
    def given(headers: Mapping[str, str]) -> bool:
        """Whether there is a key at all, right or wrong."""
        return hdrs.AUTHORIZATION in headers or "apikey" in headers

    def role(self, headers: Mapping[str, str]) -> str:
        """The database role a request acts as.

        Raises RefusalError for whatever is not a key of this project. An `sb_` key is not a JWT:
        the gateway swaps it, found in `apikey`, for one, and lets an unknown one through to
        Storage, which cannot read it (supabase/supabase, docker/volumes/api/kong.yml).
        """
        given, apikey = headers.get(hdrs.AUTHORIZATION), headers.get("apikey")
        if given is None or given.startswith("Bearer sb_"):
            if apikey is None and given is None:
                raise RefusalError(bad_body("headers must have required property 'authorization'"))
            if apikey == self.service:
                return SERVICE
            given = apikey or ""
        role = self._claims(given.removeprefix("Bearer ")).get("role", "anon")
        if role not in ROLES:
            raise RefusalError(DATABASE)
        return str(role)

    def _claims(self, token: str) -> dict[str, Any]:
        head, _, signature = token.rpartition(".")
        try:
            alg, claims = (_decode(part) for part in head.split("."))
            if not isinstance(alg, dict) or not isinstance(claims, dict):
                raise TypeError("not an object")
        except (binascii.Error, TypeError, ValueError) as error:
            raise RefusalError(unauthorized("Invalid Compact JWS")) from error
        right = _sign(head, self._secret)
        if alg.get("alg") != "HS256" or not hmac.compare_digest(right.encode(), signature.encode()):
            raise RefusalError(unauthorized("signature verification failed"))
        if claims.get("exp", self._clock() + 1) <= self._clock():
            raise RefusalError(unauthorized('"exp" claim timestamp check failed'))
        return claims


def _sign(text: str, secret: str) -> str:
    return _text(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))


def _encode(value: object) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(part: str) -> Any:
    return json.loads(base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True))
