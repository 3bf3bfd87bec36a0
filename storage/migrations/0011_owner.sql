-- Whose the data are: Telegram numbers each bot's chats, messages and updates by themselves.

CREATE TABLE owner (                                  -- one row, written by the first start
    bot_id INTEGER NOT NULL CHECK (bot_id > 0)        -- the number its token begins with
) STRICT;

ALTER TABLE jobs ADD COLUMN bot_id INTEGER NOT NULL DEFAULT 0; -- who was asked; 0: not known yet
