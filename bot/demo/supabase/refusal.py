"""Error responses of Supabase, word for word.

The HTTP status is 400 for nearly all of them; the true one stands in the body, as a string.
"""

from __future__ import annotations

from aiohttp import web

from bot.demo.base import CODE

LARGE = "The object exceeded the maximum allowed size"
MANY = "Too many connections issued to the database"
SECURITY = "new row violates row-level security policy"
# The body's statusCode, error, message and code, and the HTTP status.
WORDS = {
    "no bucket": ("404", "Bucket not found", "Bucket not found", "NoSuchBucket", 400),
    "no object": ("404", "not_found", "Object not found", "NoSuchKey", 400),
    "no route": ("404", "Not Found", "Route {} not found", "InvalidRequest", 404),
    "exists": ("409", "Duplicate", "The resource already exists", "KeyAlreadyExists", 400),
    "too large": ("413", "Payload too large", LARGE, "EntityTooLarge", 400),
    "bad type": (
        "415",
        "invalid_mime_type",
        "mime type {} is not supported",
        "InvalidMimeType",
        400,
    ),
    "bad key": ("400", "InvalidKey", "Invalid key: {}", "InvalidKey", 400),
    "bad bucket": ("400", "Invalid Input", "Bucket name invalid", "InvalidBucketName", 400),
    "bad body": (
        "400",
        "Error",
        "{}",
        "InvalidRequest",
        400,
    ),  # what a route's schema does not allow
    "no content": ("400", "InvalidRequest", "No content provided", "InvalidRequest", 400),
    "bad token": ("403", "Unauthorized", "{}", "AccessDenied", 400),
    "not allowed": ("403", "Unauthorized", SECURITY, "AccessDenied", 400),
    "too many": ("429", "too_many_connections", MANY, "SlowDown", 429),
    "unknown role": ("500", "DatabaseError", "database error, code: 22023", "DatabaseError", 500),
    "internal": ("500", "Internal", "Internal Server Error", "InternalError", 500),
}


class RefusalError(Exception):
    """A request is refused with these of the `WORDS`, and what they are about."""

    def answer(self) -> web.Response:
        name, *about = self.args
        status, error, message, code, http = WORDS[name]
        body = {
            "statusCode": status,
            "error": error,
            "message": message.format(*about),
            "code": code,
        }
        response = web.json_response(body, status=http)
        response[CODE] = code
        return response
