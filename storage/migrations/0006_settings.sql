-- What people set for themselves, and what the bot asked them and waits to hear.

CREATE TABLE preferences (                                   -- NULL: never set
    user_id         INTEGER PRIMARY KEY,                     -- Telegram's; may come before /start
    model           TEXT REFERENCES models,                  -- kept while it is not on sale
    aspect_ratio    TEXT,
    quality         TEXT,
    quantity        INTEGER CHECK (quantity >= 1),
    cfg_scale       REAL    CHECK (cfg_scale BETWEEN 0 AND 1),
    negative_prompt TEXT    CHECK (negative_prompt <> ''),
    ask_first       INTEGER NOT NULL DEFAULT 0 CHECK (ask_first IN (0, 1)),
    language        TEXT                                     -- NULL: Telegram's
) STRICT;

CREATE TABLE awaited_words (                                 -- the next text is a negative prompt
    user_id           INTEGER PRIMARY KEY,
    card_message_id   INTEGER NOT NULL,                      -- the bot's, which asked
    asked_at          REAL    NOT NULL,                      -- 0: not waited for any more
    answer_message_id INTEGER NOT NULL DEFAULT 0             -- the last text that was taken so
) STRICT;

CREATE TABLE questions (                                     -- requests that wait for a yes
    chat_id       INTEGER NOT NULL,
    message_id    INTEGER NOT NULL,                          -- the prompt
    user_id       INTEGER NOT NULL,
    model         TEXT    NOT NULL REFERENCES models,
    prompt        TEXT    NOT NULL CHECK (prompt <> ''),
    quantity      INTEGER NOT NULL CHECK (quantity >= 1),
    params        TEXT    NOT NULL CHECK (json_type(params) = 'object'),
    options       TEXT    NOT NULL CHECK (json_type(options) = 'object'),
    named         TEXT    NOT NULL CHECK (json_type(named) = 'array'),
    price         INTEGER NOT NULL CHECK (price > 0),        -- of one image, as the person was told
    language      TEXT    NOT NULL,
    input_file_id TEXT,                                      -- Telegram's
    asked_at      REAL    NOT NULL,
    PRIMARY KEY (chat_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX questions_of_user ON questions (user_id, asked_at);
