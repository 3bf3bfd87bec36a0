-- Pictures in, and pictures kept.

ALTER TABLE jobs ADD COLUMN input_file_id TEXT;       -- Telegram's, of the picture to start from
ALTER TABLE jobs ADD COLUMN input_url TEXT;           -- where the provider finds it, once uploaded
ALTER TABLE jobs ADD COLUMN input_uploaded_at REAL;   -- such an address may not last

-- A result lies on disk under file_key; with Supabase it is moved there after a while.
ALTER TABLE images ADD COLUMN stored_url TEXT;        -- where it was moved to; NULL: on disk
ALTER TABLE images ADD COLUMN store_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN store_after REAL;       -- when it is tried next; NULL: nothing to do

CREATE INDEX images_to_store ON images (store_after) WHERE store_after IS NOT NULL;

CREATE TABLE held_pictures (                          -- sent without words, waiting for them
    user_id     INTEGER PRIMARY KEY,
    file_id     TEXT NOT NULL,                        -- Telegram's
    received_at REAL NOT NULL
) STRICT;

CREATE TABLE album_items (                            -- albums come one update an item
    chat_id        INTEGER NOT NULL,
    message_id     INTEGER NOT NULL,
    media_group_id TEXT    NOT NULL,                  -- Telegram's
    user_id        INTEGER NOT NULL,
    file_id        TEXT,                              -- NULL where the item is no usable picture
    caption        TEXT    NOT NULL,
    language       TEXT    NOT NULL,
    received_at    REAL    NOT NULL,
    PRIMARY KEY (chat_id, message_id)
) STRICT;
