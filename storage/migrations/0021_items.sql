-- Images become items, for films will come; a kind of ledger entry becomes a row with a sign, and
-- what Telegram takes a result as any word.
--
-- No row is written: a million pictures take as long as one. Tables and columns are renamed, which
-- SQLite does with all that leads to them; then the text of two tables loses its CHECKs. That is
-- SQLite's own way for changes that leave the file's rows as they are
-- (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes"). The columns stay
-- in their order, and so do the keys: SQLite finds what lies in the file by it.

ALTER TABLE images RENAME TO items;
ALTER TABLE items RENAME COLUMN image_id TO item_id;
ALTER TABLE ledger RENAME COLUMN image_id TO item_id;
ALTER TABLE picture_messages RENAME COLUMN image_id TO item_id;
ALTER TABLE daily_images RENAME TO daily_items;
ALTER TABLE daily_items RENAME COLUMN images TO items;
ALTER TABLE daily_seconds RENAME COLUMN images TO items;

CREATE TABLE ledger_kinds (                                  -- a later kind is a row
    kind TEXT    PRIMARY KEY,
    sign INTEGER NOT NULL CHECK (sign IN (-1, 0, 1))         -- of its amounts; 0: both
) STRICT, WITHOUT ROWID;

INSERT INTO ledger_kinds (kind, sign)
VALUES ('welcome', 1), ('grant', 0), ('charge', -1), ('refund', 1);

CREATE TRIGGER ledger_kinds_keep BEFORE UPDATE ON ledger_kinds
BEGIN SELECT RAISE(ABORT, 'a kind of entry stays as it is'); END;

CREATE TRIGGER ledger_kinds_keep_all BEFORE DELETE ON ledger_kinds
BEGIN SELECT RAISE(ABORT, 'a kind of entry stays as it is'); END;

PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = 'CREATE TABLE ledger (        -- every token that ever moved
    entry_id   INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users,
    kind       TEXT    NOT NULL REFERENCES ledger_kinds,
    amount     INTEGER NOT NULL CHECK (amount <> 0),         -- tokens; negative takes
    item_id    INTEGER REFERENCES items,                     -- what was charged or refunded
    grant_key  TEXT    UNIQUE,                               -- what asked for it: booked once
    granted_by INTEGER,                                      -- the admin''s Telegram id
    note       TEXT    NOT NULL DEFAULT '''',
    created_at REAL    NOT NULL,
    UNIQUE (item_id, kind),                                  -- charged once, refunded once
    CHECK ((kind IN (''charge'', ''refund'')) = (item_id IS NOT NULL)),
    CHECK ((item_id IS NULL) = (grant_key IS NOT NULL)),     -- all others by their key
    CHECK (kind <> ''grant'' OR granted_by IS NOT NULL),
    CHECK (kind NOT IN (''welcome'', ''charge'', ''refund'') OR granted_by IS NULL)
) STRICT' WHERE type = 'table' AND name = 'ledger';

UPDATE sqlite_schema SET sql = 'CREATE TABLE items (         -- one result, one task at the provider
    item_id        INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id         INTEGER NOT NULL REFERENCES jobs,
    user_id        INTEGER NOT NULL REFERENCES users,
    position       INTEGER NOT NULL CHECK (position >= 1),   -- 1, 2, 3 within the job
    cost           INTEGER NOT NULL CHECK (cost > 0),        -- tokens
    status         TEXT    NOT NULL DEFAULT ''queued'' CHECK (status IN
        (''queued'', ''submitting'', ''generating'', ''ready'', ''delivered'', ''failed'',
         ''cancelled'')),
    attempts       INTEGER NOT NULL DEFAULT 0
        CHECK (attempts BETWEEN 0 AND 2),                    -- creates whose end may be a task
    task_id        TEXT    UNIQUE,                           -- the provider''s
    submitted_at   REAL,                                     -- when the task was created
    result_url     TEXT,                                     -- the provider''s; soon gone
    file_key       TEXT    UNIQUE,                           -- ours, once fetched (storage/files.py)
    message_id     INTEGER,                                  -- the result in the chat
    failure        TEXT,                                     -- what kind (bot/pipeline/failures.py)
    failure_detail TEXT    NOT NULL DEFAULT '''',            -- the provider''s own words, if any
    finished_at    REAL,
    stored_url     TEXT,                                     -- where it was moved to; NULL: on disk
    store_attempts INTEGER NOT NULL DEFAULT 0,
    store_after    REAL,                                     -- when it is tried next; NULL: never
    sent_file_id   TEXT,                                     -- Telegram''s, of the result in the chat
    sent_as        TEXT,                                     -- photo, document, ...: what took it
    drawn_s        REAL,                                     -- what the provider took, as it says
    create_after   REAL,                                     -- a repeated create comes not before
    fetch_attempts INTEGER NOT NULL DEFAULT 0,               -- that failed
    lost_sendings  INTEGER NOT NULL DEFAULT 0,               -- that may have arrived
    UNIQUE (job_id, position),
    CHECK (status NOT IN (''generating'', ''ready'', ''delivered'') OR task_id IS NOT NULL),
    CHECK (status NOT IN (''ready'', ''delivered'') OR result_url IS NOT NULL),
    CHECK ((status = ''delivered'') = (message_id IS NOT NULL)),
    CHECK ((status = ''failed'') = (failure IS NOT NULL)),
    CHECK ((status IN (''delivered'', ''failed'', ''cancelled'')) = (finished_at IS NOT NULL))
) STRICT' WHERE type = 'table' AND name = 'items';

-- Indexes of the table that was images, whose names begin with it.
UPDATE sqlite_schema SET name = 'items' || substr(name, 7),
    sql = replace(sql, 'INDEX images_', 'INDEX items_')
WHERE type = 'index' AND name LIKE 'images\_%' ESCAPE '\';

PRAGMA writable_schema = RESET; -- and SQLite reads it anew

CREATE TRIGGER ledger_follows_kinds BEFORE INSERT ON ledger
WHEN NOT coalesce((SELECT NEW.amount * sign >= 0 FROM ledger_kinds WHERE kind = NEW.kind), 0)
BEGIN SELECT RAISE(ABORT, 'the ledger has no such kind of entry, or not with this sign'); END;

DROP TRIGGER images_end_once;
CREATE TRIGGER items_end_once BEFORE UPDATE OF status ON items
WHEN OLD.status IN ('delivered', 'failed', 'cancelled') AND NEW.status <> OLD.status
BEGIN SELECT RAISE(ABORT, 'an ended item stays ended'); END;

DROP TRIGGER images_count_use;
CREATE TRIGGER items_count_use AFTER UPDATE OF status ON items
WHEN NEW.status = 'delivered' AND OLD.status <> 'delivered'
BEGIN UPDATE models SET used = used + 1
    WHERE slug = (SELECT model FROM jobs WHERE job_id = NEW.job_id); END;

DROP TRIGGER images_count_days;
CREATE TRIGGER items_count_days AFTER UPDATE OF status ON items
WHEN NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL
BEGIN
    INSERT INTO daily_items
    VALUES (CAST(NEW.finished_at / 86400 AS INTEGER), NEW.status, 1)
    ON CONFLICT DO UPDATE SET items = items + 1;
    INSERT INTO daily_seconds
    SELECT CAST(NEW.finished_at / 86400 AS INTEGER),
        CAST(round(NEW.finished_at - created_at) AS INTEGER), 1
    FROM jobs WHERE job_id = NEW.job_id AND NEW.status = 'delivered'
    ON CONFLICT DO UPDATE SET items = items + 1;
END;
