"""aiogram routers, one file a subject: parse, call, answer."""
