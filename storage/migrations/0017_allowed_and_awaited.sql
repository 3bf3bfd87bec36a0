-- What an admin allows, and what people are waited for.

-- Options that could change what a request costs, or replace its prompt or its picture, are closed
-- to people; these an admin has opened for the model.
ALTER TABLE models ADD COLUMN allowed_options TEXT NOT NULL DEFAULT '[]'
    CHECK (json_type(allowed_options) = 'array');

-- A picture that waits for words can be dropped by a button, which names what held it: the message
-- that brought it, or, below 0, a press of "use as input". The same press does not hold it twice.
ALTER TABLE held_pictures ADD COLUMN held_by INTEGER NOT NULL DEFAULT 0;

-- The admin's next message, whatever it is, is to go to everyone.
CREATE TABLE awaited_drafts (
    admin_id         INTEGER PRIMARY KEY,
    asked_at         REAL    NOT NULL,             -- by Telegram; 0: not waited for any more
    draft_message_id INTEGER NOT NULL DEFAULT 0,   -- the last message that was taken so
    media_group_id   TEXT                          -- of its album
) STRICT;
