-- Times are Unix seconds. Money is whole tokens. What must never happen is refused here, so that
-- a mistake in the program ends in an error and not in lost tokens.

CREATE TABLE users (
    user_id    INTEGER PRIMARY KEY,                          -- Telegram's
    balance    INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0), -- the ledger's sum, kept by a trigger
    language   TEXT    NOT NULL,                             -- what the bot speaks with them
    created_at REAL    NOT NULL
) STRICT;

CREATE TABLE models (                                        -- the catalogue; admins change it
    slug         TEXT    PRIMARY KEY,
    name         TEXT    NOT NULL,
    provider     TEXT    NOT NULL,                           -- which module of providers/ draws it
    description  TEXT    NOT NULL DEFAULT '',
    input_images INTEGER NOT NULL CHECK (input_images >= 0), -- pictures a request may bring; 0: none
    price        INTEGER NOT NULL CHECK (price BETWEEN 1 AND 1000000), -- tokens for one image
    enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    position     INTEGER NOT NULL CHECK (position >= 1)      -- order of display
) STRICT;

INSERT INTO models (slug, name, provider, input_images, price, enabled, position)
VALUES ('midjourney-v7-fast', 'Midjourney V6', 'midjourney', 1, 79, 1, 1);

CREATE TABLE jobs (                                          -- one request of one person
    job_id              INTEGER PRIMARY KEY,
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
    UNIQUE (chat_id, message_id)                             -- one message, one job
) STRICT;

CREATE INDEX jobs_open ON jobs (job_id) WHERE closed_at IS NULL;

CREATE TABLE images (                                        -- one image, one task at the provider
    image_id       INTEGER PRIMARY KEY,
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
    UNIQUE (job_id, position),
    CHECK (status NOT IN ('generating', 'ready', 'delivered') OR task_id IS NOT NULL),
    CHECK (status NOT IN ('ready', 'delivered') OR result_url IS NOT NULL),
    CHECK ((status = 'delivered') = (message_id IS NOT NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CHECK ((status IN ('delivered', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
) STRICT;

CREATE INDEX images_unfinished ON images (image_id)
    WHERE status NOT IN ('delivered', 'failed', 'cancelled');
CREATE INDEX images_active ON images (user_id)
    WHERE status NOT IN ('delivered', 'failed', 'cancelled');

CREATE TRIGGER images_end_once BEFORE UPDATE OF status ON images
WHEN OLD.status IN ('delivered', 'failed', 'cancelled') AND NEW.status <> OLD.status
BEGIN SELECT RAISE(ABORT, 'an ended image stays ended'); END;

CREATE TABLE ledger (                                        -- every token that ever moved
    entry_id   INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users,
    kind       TEXT    NOT NULL CHECK (kind IN ('welcome', 'grant', 'charge', 'refund')),
    amount     INTEGER NOT NULL CHECK (amount <> 0),         -- tokens; negative takes
    image_id   INTEGER REFERENCES images,                    -- what was charged or refunded
    grant_key  TEXT    UNIQUE,                               -- what asked for it: granted once
    granted_by INTEGER,                                      -- the admin's Telegram id
    note       TEXT    NOT NULL DEFAULT '',
    created_at REAL    NOT NULL,
    UNIQUE (image_id, kind),                                 -- charged once, refunded once
    CHECK ((kind IN ('charge', 'refund')) = (image_id IS NOT NULL)),
    CHECK ((kind IN ('welcome', 'grant')) = (grant_key IS NOT NULL)),
    CHECK ((kind = 'grant') = (granted_by IS NOT NULL)),
    CHECK (kind <> 'charge' OR amount < 0),
    CHECK (kind NOT IN ('welcome', 'refund') OR amount > 0)
) STRICT;

CREATE INDEX ledger_of_user ON ledger (user_id, entry_id);

CREATE TRIGGER ledger_moves_balance AFTER INSERT ON ledger
BEGIN UPDATE users SET balance = balance + NEW.amount WHERE user_id = NEW.user_id; END;

CREATE TRIGGER ledger_keeps_entries BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_keeps_all BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
