-- What the admins do from the chat, and the journal of it.

CREATE TABLE journal (
    entry_id   INTEGER PRIMARY KEY,
    act_key    TEXT    NOT NULL UNIQUE,                      -- what asked for it: done once
    admin_id   INTEGER NOT NULL,                             -- Telegram's
    action     TEXT    NOT NULL,                             -- price, ban, grant, ...
    subject    TEXT    NOT NULL,                             -- a slug, a person's id, ...
    before     TEXT    NOT NULL,
    after      TEXT    NOT NULL,
    created_at REAL    NOT NULL
) STRICT;

CREATE TRIGGER journal_keeps_entries BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_keeps_all BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE flags (                                         -- what holds until an admin ends it
    name  TEXT PRIMARY KEY,                                  -- maintenance: no new prompts
    value TEXT NOT NULL                                      -- the admins' words
) STRICT;

CREATE TABLE admin_menus (                                   -- chats that show the admin commands
    admin_id INTEGER PRIMARY KEY
) STRICT;

-- Defaults of the model, put under the person's own when a job is placed; the job keeps the sum.
ALTER TABLE models ADD COLUMN options TEXT NOT NULL DEFAULT '{}'
    CHECK (json_type(options) = 'object');
ALTER TABLE models ADD COLUMN used INTEGER NOT NULL DEFAULT 0; -- pictures delivered

UPDATE models SET used = (SELECT count(*) FROM images JOIN jobs USING (job_id)
    WHERE jobs.model = models.slug AND images.status = 'delivered');

CREATE TRIGGER images_count_use AFTER UPDATE OF status ON images
WHEN NEW.status = 'delivered' AND OLD.status <> 'delivered'
BEGIN UPDATE models SET used = used + 1
    WHERE slug = (SELECT model FROM jobs WHERE job_id = NEW.job_id); END;

ALTER TABLE users ADD COLUMN username TEXT;                  -- without @; as last seen
ALTER TABLE users ADD COLUMN first_name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN banned_at REAL;
ALTER TABLE users ADD COLUMN ban_reason TEXT NOT NULL DEFAULT '';

CREATE INDEX users_banned ON users (user_id) WHERE banned_at IS NOT NULL;

CREATE TABLE usernames (                                     -- every @name a person ever had here
    username TEXT    NOT NULL COLLATE NOCASE,
    user_id  INTEGER NOT NULL REFERENCES users,
    PRIMARY KEY (username, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS jobs_of_user ON jobs (user_id, job_id);
