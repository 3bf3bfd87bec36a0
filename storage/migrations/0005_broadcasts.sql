-- Messages to everyone, and the numbers of each day.

CREATE TABLE broadcasts (
    broadcast_id    INTEGER PRIMARY KEY,
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

CREATE INDEX broadcasts_open ON broadcasts (broadcast_id)
    WHERE status = 'running' OR (status IN ('stopped', 'done') AND told_at IS NULL);

CREATE TABLE broadcast_recipients (                       -- as they were when it began
    broadcast_id INTEGER NOT NULL REFERENCES broadcasts,
    user_id      INTEGER NOT NULL REFERENCES users,
    status       TEXT    NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending',                                       -- nothing was sent
         'sending',                                       -- on its way, or nobody knows: never again
         'sent',                                          -- Telegram took it
         'failed')),                                      -- Telegram said no
    error        TEXT    NOT NULL DEFAULT '',             -- Telegram's words
    PRIMARY KEY (broadcast_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX broadcast_recipients_by_status ON broadcast_recipients (broadcast_id, status);

-- What was sent is never sent again, whatever the program believes.
CREATE TRIGGER broadcast_sent_once BEFORE UPDATE OF status ON broadcast_recipients
WHEN OLD.status IN ('sent', 'failed') AND NEW.status <> OLD.status
BEGIN SELECT RAISE(ABORT, 'a recipient that was served stays served'); END;

CREATE INDEX users_reachable ON users (user_id) WHERE blocked_at IS NULL AND banned_at IS NULL;
CREATE INDEX users_by_age ON users (created_at);

-- Numbers of a day (UTC, days since 1970), kept as things happen: a year is 365 rows of each kind
-- and not a million images. They are made from the tables above and hold nothing of their own.

CREATE TABLE daily_tokens (
    day     INTEGER NOT NULL,
    kind    TEXT    NOT NULL,                             -- the ledger's
    entries INTEGER NOT NULL,
    amount  INTEGER NOT NULL,
    PRIMARY KEY (day, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_images (                               -- by the day on which they ended
    day    INTEGER NOT NULL,
    status TEXT    NOT NULL,
    images INTEGER NOT NULL,
    PRIMARY KEY (day, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_seconds (                              -- from the prompt to the picture
    day     INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    images  INTEGER NOT NULL,
    PRIMARY KEY (day, seconds)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_people (                               -- who asked for pictures
    day     INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (day, user_id)
) STRICT, WITHOUT ROWID;

INSERT INTO daily_tokens
SELECT CAST(created_at / 86400 AS INTEGER), kind, count(*), sum(amount) FROM ledger GROUP BY 1, 2;

INSERT INTO daily_images
SELECT CAST(finished_at / 86400 AS INTEGER), status, count(*) FROM images
WHERE finished_at IS NOT NULL GROUP BY 1, 2;

INSERT INTO daily_seconds
SELECT CAST(finished_at / 86400 AS INTEGER), CAST(round(finished_at - created_at) AS INTEGER),
    count(*)
FROM images JOIN jobs USING (job_id) WHERE status = 'delivered' GROUP BY 1, 2;

INSERT INTO daily_people
SELECT DISTINCT CAST(created_at / 86400 AS INTEGER), user_id FROM jobs;

CREATE TRIGGER ledger_counts_days AFTER INSERT ON ledger
BEGIN
    INSERT INTO daily_tokens
    VALUES (CAST(NEW.created_at / 86400 AS INTEGER), NEW.kind, 1, NEW.amount)
    ON CONFLICT DO UPDATE SET entries = entries + 1, amount = amount + excluded.amount;
END;

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
