"""Refusals, word for word.

The HTTP status is 400 for nearly all of them; the true one stands in the body, as a string.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from aiohttp import web

from bot.demo.base import CODE


@dataclass(frozen=True, slots=True)
class Refusal:
    """The body of a refusal, in its order, but for `http`, the status of the answer."""

    statusCode: str  # noqa: N815 - the name on the wire
    error: str
    message: str
    code: str
    http: int = 400

    def answer(self) -> web.Response:
        body = asdict(self)
        response = web.json_response(body, status=body.pop("http"))
        response[CODE] = self.code
        return response


class RefusalError(Exception):
    """A request is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


NO_BUCKET = Refusal("404", "Bucket not found", "Bucket not found", "NoSuchBucket")
NO_OBJECT = Refusal("404", "not_found", "Object not found", "NoSuchKey")
EXISTS = Refusal("409", "Duplicate", "The resource already exists", "KeyAlreadyExists")
TOO_LARGE = Refusal(
    "413", "Payload too large", "The object exceeded the maximum allowed size", "EntityTooLarge"
)
NO_CONTENT = Refusal("400", "InvalidRequest", "No content provided", "InvalidRequest")
BAD_BUCKET_NAME = Refusal("400", "Invalid Input", "Bucket name invalid", "InvalidBucketName")
DATABASE = Refusal("500", "DatabaseError", "database error, code: 22023", "DatabaseError", 500)
INTERNAL = Refusal("500", "Internal", "Internal Server Error", "InternalError", 500)
MANY = "Too many connections issued to the database"
TOO_MANY = Refusal("429", "too_many_connections", MANY, "SlowDown", 429)


def unauthorized(message: str) -> Refusal:
    return Refusal("403", "Unauthorized", message, "AccessDenied")


ROW_SECURITY = unauthorized("new row violates row-level security policy")


def bad_type(content_type: str) -> Refusal:
    message = f"mime type {content_type} is not supported"
    return Refusal("415", "invalid_mime_type", message, "InvalidMimeType")


def bad_key(key: str) -> Refusal:
    return Refusal("400", "InvalidKey", f"Invalid key: {key}", "InvalidKey")


def bad_body(message: str) -> Refusal:
    """What the schema of a route does not allow."""
    return Refusal("400", "Error", message, "InvalidRequest")


def no_route(method: str, path: str) -> Refusal:
    message = f"Route {method}:{path} not found"
    return Refusal("404", "Not Found", message, "InvalidRequest", 404)
