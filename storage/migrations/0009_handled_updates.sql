-- What Telegram sent and the bot has dealt with: it may come again, even to another process.

CREATE TABLE handled_updates (
    number    INTEGER PRIMARY KEY,                        -- the order in which they were handled
    bot_id    INTEGER NOT NULL,                           -- Telegram numbers each bot's by itself
    update_id INTEGER NOT NULL,
    UNIQUE (bot_id, update_id)
) STRICT;
