"""API keys: who asks, by the gateway's rules for `sb_` keys and Storage's for JWTs."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping

from aiohttp import hdrs

from bot.demo.base import Clock

from .refusal import RefusalError

SERVICE = "service_role"
ROLES = ("anon", "authenticated", SERVICE)
YEARS_S = 10 * 365 * 86_400.0


class Keys:
    """The two keys of a project: JWTs made here, or an `sb_` key in place of the service's.

    A JWT is known by being one of those that were made: no signature is reckoned.
    """

    def __init__(self, clock: Clock, service: str | None) -> None:
        if service is not None and not service.startswith("sb_secret_"):
            raise ValueError("a key of one's own starts with sb_secret_")
        self._clock = clock
        self._made: dict[str, tuple[str, float]] = {}  # role and end
        self.service = service or self.jwt(SERVICE)
        self.anon = self.jwt("anon")

    def jwt(self, role: str | None, *, lives_s: float = YEARS_S) -> str:
        """A new key; `role` None leaves the role out, a negative life has ended already."""
        now = self._clock()
        claims = {"iss": "supabase", "role": role, "iat": int(now), "exp": int(now + lives_s)}
        if role is None:
            del claims["role"]
        parts = ({"alg": "HS256", "typ": "JWT"}, claims)
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts]
        head = ".".join(part.decode().rstrip("=") for part in encoded)
        token = f"{head}.{secrets.token_urlsafe(32)}"
        self._made[token] = (role or "anon", now + lives_s)
        return token

    def role(self, headers: Mapping[str, str]) -> str:
        """The database role a request acts as.

        Raises RefusalError for whatever is not a key of this project. An `sb_` key is not a JWT:
        the gateway swaps it, found in `apikey`, for one, and lets an unknown one through to
        Storage, which cannot read it (supabase/supabase, docker/volumes/api/kong.yml).
        """
        given, apikey = headers.get(hdrs.AUTHORIZATION), headers.get("apikey")
        if given is None or given.startswith("Bearer sb_"):
            if apikey is None and given is None:
                words = "headers must have required property 'authorization'"
                raise RefusalError("bad body", words)
            if apikey == self.service:
                return SERVICE
            given = apikey or ""
        token = given.removeprefix("Bearer ")
        if token not in self._made:
            is_jwt = token.count(".") == 2 and token.startswith("eyJ")
            words = "signature verification failed" if is_jwt else "Invalid Compact JWS"
            raise RefusalError("bad token", words)
        role, ends_at = self._made[token]
        if ends_at <= self._clock():
            raise RefusalError("bad token", '"exp" claim timestamp check failed')
        if role not in ROLES:
            raise RefusalError("unknown role")
        return role
