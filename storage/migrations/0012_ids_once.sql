-- A number that was given to a job, an image or a broadcast is never given again (AUTOINCREMENT):
-- buttons in old messages name them. And a message has one job of each bot.
--
-- SQLite makes another key for a table only by making another table; the migrator has switched
-- foreign keys off and looks afterwards that each still leads somewhere.

DROP TRIGGER images_end_once;
DROP TRIGGER images_count_use;
DROP TRIGGER images_count_days;
DROP TRIGGER jobs_count_days;

CREATE TABLE new_jobs (                                      -- one request of one person
    job_id              INTEGER PRIMARY KEY AUTOINCREMENT,
    bot_id              INTEGER NOT NULL DEFAULT 0,          -- who was asked; 0: not known yet
    user_id             INTEGER NOT NULL REFERENCES users,
    chat_id             INTEGER NOT NULL,
    message_id          INTEGER NOT NULL,                    -- the prompt; pictures reply to it
    progress_message_id INTEGER,                             -- the bot's own, once sent
    model               TEXT    NOT NULL REFERENCES models,
    prompt              TEXT    NOT NULL CHECK (prompt <> ''),
    params              TEXT    NOT NULL CHECK (json_type(params) = 'object'),
    options             TEXT    NOT NULL CHECK (json_type(options) = 'object'),
    price               INTEGER NOT NULL CHECK (price > 0),  -- tokens for one image, as charged
    language            TEXT    NOT NULL,                    -- the person's, for what is said later
    created_at          REAL    NOT NULL,
    closed_at           REAL,                                -- its outcome was told
    input_file_id       TEXT,                                -- Telegram's, of the picture to start from
    input_url           TEXT,                                -- where the provider finds it
    input_uploaded_at   REAL,                                -- such an address may not last
    again_of            INTEGER REFERENCES images,           -- whose "again" was pressed
    -- Asked for by a button, a job has a message_id below 0, made of the press; then its pictures
    -- reply to this message.
    reply_to_message_id INTEGER,
    UNIQUE (bot_id, chat_id, message_id)                     -- one message, one job
) STRICT;

INSERT INTO new_jobs (job_id, bot_id, user_id, chat_id, message_id, progress_message_id, model,
    prompt, params, options, price, language, created_at, closed_at, input_file_id, input_url,
    input_uploaded_at, again_of, reply_to_message_id)
SELECT job_id, bot_id, user_id, chat_id, message_id, progress_message_id, model,
    prompt, params, options, price, language, created_at, closed_at, input_file_id, input_url,
    input_uploaded_at, again_of, reply_to_message_id FROM jobs ORDER BY job_id;

CREATE TABLE new_images (                                    -- one image, one task at the provider
    image_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id         INTEGER NOT NULL REFERENCES jobs,
    user_id        INTEGER NOT NULL REFERENCES users,
    position       INTEGER NOT NULL CHECK (position >= 1),   -- 1, 2, 3 within the job
    cost           INTEGER NOT NULL CHECK (cost > 0),        -- tokens
    status         TEXT    NOT NULL DEFAULT 'queued' CHECK (status IN
        ('queued', 'submitting', 'generating', 'ready', 'delivered', 'failed', 'cancelled')),
    attempts       INTEGER NOT NULL DEFAULT 0
        CHECK (attempts BETWEEN 0 AND 2),                    -- creates whose end may be a task
    task_id        TEXT    UNIQUE,                           -- the provider's
    submitted_at   REAL,                                     -- when the task was created
    result_url     TEXT,                                     -- the provider's; soon gone
    file_key       TEXT    UNIQUE,                           -- ours, once fetched (storage/files.py)
    message_id     INTEGER,                                  -- the picture in the chat
    failure        TEXT,                                     -- what kind (bot/pipeline/failures.py)
    failure_detail TEXT    NOT NULL DEFAULT '',              -- the provider's own words, if any
    finished_at    REAL,
    stored_url     TEXT,                                     -- where it was moved to; NULL: on disk
    store_attempts INTEGER NOT NULL DEFAULT 0,
    store_after    REAL,                                     -- when it is tried next; NULL: never
    sent_file_id   TEXT,                                     -- Telegram's, of the picture in the chat
    sent_as        TEXT CHECK (sent_as IN ('photo', 'document')),
    drawn_s        REAL,                                     -- what the provider took, as it says
    UNIQUE (job_id, position),
    CHECK (status NOT IN ('generating', 'ready', 'delivered') OR task_id IS NOT NULL),
    CHECK (status NOT IN ('ready', 'delivered') OR result_url IS NOT NULL),
    CHECK ((status = 'delivered') = (message_id IS NOT NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CHECK ((status IN ('delivered', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
) STRICT;

INSERT INTO new_images (image_id, job_id, user_id, position, cost, status, attempts, task_id,
    submitted_at, result_url, file_key, message_id, failure, failure_detail, finished_at,
    stored_url, store_attempts, store_after, sent_file_id, sent_as, drawn_s)
SELECT image_id, job_id, user_id, position, cost, status, attempts, task_id,
    submitted_at, result_url, file_key, message_id, failure, failure_detail, finished_at,
    stored_url, store_attempts, store_after, sent_file_id, sent_as, drawn_s
FROM images ORDER BY image_id;

CREATE TABLE new_broadcasts (
    broadcast_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    asked_key       TEXT    NOT NULL UNIQUE,              -- the command that asked: one row each
    admin_id        INTEGER NOT NULL,                     -- Telegram's; told in their private chat
    language        TEXT    NOT NULL,                     -- the admin's
    message_id      INTEGER NOT NULL,                     -- what is copied, in that chat
    card_message_id INTEGER,                              -- the bot's own, edited as it goes
    status          TEXT    NOT NULL DEFAULT 'asked'
        CHECK (status IN ('asked', 'dropped', 'running', 'stopped', 'done')),
    reason          TEXT    NOT NULL DEFAULT '',          -- why the bot itself stopped it
    created_at      REAL    NOT NULL,
    started_at      REAL,
    ended_at        REAL,
    told_at         REAL                                  -- the admin was told how it ended
) STRICT;

INSERT INTO new_broadcasts (broadcast_id, asked_key, admin_id, language, message_id,
    card_message_id, status, reason, created_at, started_at, ended_at, told_at)
SELECT broadcast_id, asked_key, admin_id, language, message_id,
    card_message_id, status, reason, created_at, started_at, ended_at, told_at
FROM broadcasts ORDER BY broadcast_id;

DROP TABLE jobs;
DROP TABLE images;
DROP TABLE broadcasts;
ALTER TABLE new_jobs RENAME TO jobs;
ALTER TABLE new_images RENAME TO images;
ALTER TABLE new_broadcasts RENAME TO broadcasts;

CREATE INDEX jobs_open ON jobs (job_id) WHERE closed_at IS NULL;
CREATE INDEX jobs_of_user ON jobs (user_id, job_id);
CREATE INDEX jobs_again ON jobs (again_of) WHERE again_of IS NOT NULL;

CREATE INDEX images_unfinished ON images (image_id)
    WHERE status NOT IN ('delivered', 'failed', 'cancelled');
CREATE INDEX images_active ON images (user_id)
    WHERE status NOT IN ('delivered', 'failed', 'cancelled');
CREATE INDEX images_to_store ON images (store_after) WHERE store_after IS NOT NULL;
CREATE INDEX images_of_user ON images (user_id, image_id);
-- What an older version gave up though it may be on disk.
CREATE INDEX images_given_up ON images (image_id) WHERE store_after IS NULL
    AND store_attempts > 0 AND stored_url IS NULL AND file_key IS NOT NULL;

CREATE INDEX broadcasts_open ON broadcasts (broadcast_id)
    WHERE status = 'running' OR (status IN ('stopped', 'done') AND told_at IS NULL);
CREATE INDEX broadcasts_unsent ON broadcasts (created_at) WHERE status IN ('asked', 'dropped');

CREATE TRIGGER images_end_once BEFORE UPDATE OF status ON images
WHEN OLD.status IN ('delivered', 'failed', 'cancelled') AND NEW.status <> OLD.status
BEGIN SELECT RAISE(ABORT, 'an ended image stays ended'); END;

CREATE TRIGGER images_count_use AFTER UPDATE OF status ON images
WHEN NEW.status = 'delivered' AND OLD.status <> 'delivered'
BEGIN UPDATE models SET used = used + 1
    WHERE slug = (SELECT model FROM jobs WHERE job_id = NEW.job_id); END;

CREATE TRIGGER images_count_days AFTER UPDATE OF status ON images
WHEN NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL
BEGIN
    INSERT INTO daily_images
    VALUES (CAST(NEW.finished_at / 86400 AS INTEGER), NEW.status, 1)
    ON CONFLICT DO UPDATE SET images = images + 1;
    INSERT INTO daily_seconds
    SELECT CAST(NEW.finished_at / 86400 AS INTEGER),
        CAST(round(NEW.finished_at - created_at) AS INTEGER), 1
    FROM jobs WHERE job_id = NEW.job_id AND NEW.status = 'delivered'
    ON CONFLICT DO UPDATE SET images = images + 1;
END;

CREATE TRIGGER jobs_count_days AFTER INSERT ON jobs
BEGIN
    INSERT INTO daily_people VALUES (CAST(NEW.created_at / 86400 AS INTEGER), NEW.user_id)
    ON CONFLICT DO NOTHING;
END;

-- What the hourly cleaning asks for.
CREATE INDEX questions_by_age ON questions (asked_at);
CREATE INDEX album_items_by_age ON album_items (received_at);

-- Of an image, its own message and the last few that brought it again are known; more never are.
DELETE FROM picture_messages WHERE (chat_id, message_id) IN (
    SELECT ranked.chat_id, ranked.message_id FROM (
        SELECT chat_id, message_id, image_id,
            row_number() OVER (PARTITION BY image_id ORDER BY message_id DESC) AS place
        FROM picture_messages
    ) AS ranked JOIN images USING (image_id)
    WHERE place > 5 AND ranked.message_id <> coalesce(images.message_id, 0)
);
