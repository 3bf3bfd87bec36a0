-- When people are asked before a charge: always, never, or in doubt, which is where nothing was set.

ALTER TABLE preferences ADD COLUMN ask TEXT CHECK (ask IN ('always', 'never')); -- NULL: in doubt
UPDATE preferences SET ask = 'always' WHERE ask_first = 1;
ALTER TABLE preferences DROP COLUMN ask_first;

-- Asked because the words may be none for a picture; such a question can be the last of its kind.
ALTER TABLE questions ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0 CHECK (doubt IN (0, 1));
-- Asked by "again" under a picture, a question has a message_id below 0, made of the press, like the
-- job that comes of it: then it is about this message, and repeats this image.
ALTER TABLE questions ADD COLUMN reply_to_message_id INTEGER;
ALTER TABLE questions ADD COLUMN again_of INTEGER;
