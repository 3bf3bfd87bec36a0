-- Pictures that can be asked for and sent again, and people who want to be forgotten.

ALTER TABLE jobs ADD COLUMN again_of INTEGER REFERENCES images; -- whose "again" was pressed
-- Asked for by a button, a job has a message_id below 0, made of the press; then its pictures
-- reply to this message.
ALTER TABLE jobs ADD COLUMN reply_to_message_id INTEGER;
CREATE INDEX jobs_again ON jobs (again_of) WHERE again_of IS NOT NULL;

ALTER TABLE images ADD COLUMN sent_file_id TEXT;      -- Telegram's, of the picture in the chat
ALTER TABLE images ADD COLUMN sent_as TEXT CHECK (sent_as IN ('photo', 'document'));
CREATE INDEX images_of_user ON images (user_id, image_id);

CREATE TABLE picture_messages (                       -- the bot's messages that stand for a picture
    chat_id    INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    image_id   INTEGER NOT NULL REFERENCES images,
    PRIMARY KEY (chat_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX picture_messages_of ON picture_messages (image_id);

INSERT OR IGNORE INTO picture_messages (chat_id, message_id, image_id)
SELECT jobs.chat_id, images.message_id, images.image_id FROM images JOIN jobs USING (job_id)
WHERE images.message_id IS NOT NULL;

CREATE TABLE files_to_remove (                        -- of people who are forgotten
    place        TEXT    NOT NULL,                    -- a bucket; '' is the disk
    file_key     TEXT    NOT NULL,
    remove_after REAL    NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (place, file_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_to_remove_next ON files_to_remove (remove_after);

-- The ledger stays append-only, but for this: an entry may lose its person, for good.
DROP TRIGGER ledger_keeps_entries;
CREATE TRIGGER ledger_keeps_entries BEFORE UPDATE ON ledger
WHEN NOT (OLD.user_id > 0 AND NEW.user_id < 0
    AND NEW.entry_id = OLD.entry_id AND NEW.kind = OLD.kind AND NEW.amount = OLD.amount
    AND NEW.image_id IS OLD.image_id AND NEW.granted_by IS OLD.granted_by
    AND NEW.created_at = OLD.created_at)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- So does the journal: what was done to somebody stays, and to whom goes.
DROP TRIGGER journal_keeps_entries;
CREATE TRIGGER journal_keeps_entries BEFORE UPDATE ON journal
WHEN NOT (NEW.subject LIKE '-%' AND OLD.subject NOT LIKE '-%'
    AND NEW.entry_id = OLD.entry_id AND NEW.act_key = OLD.act_key
    AND NEW.admin_id = OLD.admin_id AND NEW.action = OLD.action
    AND NEW.created_at = OLD.created_at)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE INDEX journal_of_subject ON journal (subject);
CREATE INDEX album_items_of_user ON album_items (user_id);
CREATE INDEX usernames_of_user ON usernames (user_id);
CREATE INDEX broadcast_recipients_of_user ON broadcast_recipients (user_id);
CREATE INDEX daily_people_of_user ON daily_people (user_id);
