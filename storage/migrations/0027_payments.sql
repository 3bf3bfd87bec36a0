-- The till: packs of tokens, what was paid and given back, promo codes, invitations, transfers.
-- Only new tables, and a column; no row that is there is written.

INSERT INTO ledger_kinds (kind, sign) VALUES
    ('purchase', 1),             -- tokens that were paid for
    ('payment_refund', -1),      -- taken back, for the money goes back
    ('payment_refund_undo', 1),  -- given again: the money did not go back
    ('promo', 1),
    ('referral', 1),             -- a share of what the invited bought
    ('referral_undo', -1),       -- and that was refunded
    ('daily', 1);

CREATE TABLE packs (                                         -- what is sold; admins change it
    slug     TEXT    PRIMARY KEY,
    stars    INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 1000000),
    tokens   INTEGER NOT NULL CHECK (tokens BETWEEN 1 AND 100000000),
    bonus    INTEGER NOT NULL DEFAULT 0 CHECK (bonus BETWEEN 0 AND 100000000), -- tokens on top
    position INTEGER NOT NULL CHECK (position >= 1),         -- order of display
    enabled  INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1))
) STRICT;

-- 5, 20 and 60 pictures of 79 tokens at 10 Stars each, and 2 and 12 more for nothing.
INSERT INTO packs (slug, stars, tokens, bonus, position)
VALUES ('small', 50, 395, 0, 1), ('medium', 200, 1580, 158, 2), ('large', 600, 4740, 948, 3);

CREATE TABLE payment_orders (                                -- what was offered to a person, as told
    order_id           TEXT    PRIMARY KEY,                  -- by chance: the invoice's payload
    user_id            INTEGER NOT NULL REFERENCES users,
    pack               TEXT    NOT NULL REFERENCES packs,
    gateway            TEXT    NOT NULL,                     -- stars, manual, ...
    amount             INTEGER NOT NULL CHECK (amount >= 0), -- of the currency's least unit
    currency           TEXT    NOT NULL,                     -- XTR: Stars; '': none that we know of
    tokens             INTEGER NOT NULL CHECK (tokens > 0),  -- with the bonus
    language           TEXT    NOT NULL,                     -- the person's
    waiting_chat_id    INTEGER,                              -- of the message whose request lacked
    waiting_message_id INTEGER,                              -- tokens, if any
    made_at            REAL    NOT NULL,
    paid_at            REAL,                                 -- for the first time
    CHECK ((waiting_chat_id IS NULL) = (waiting_message_id IS NULL))
) STRICT;

CREATE INDEX payment_orders_of_user ON payment_orders (user_id, made_at);
CREATE INDEX payment_orders_unpaid ON payment_orders (made_at) WHERE paid_at IS NULL;

CREATE TABLE payments (                                      -- money that came in
    payment_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    bot_id      INTEGER NOT NULL,                            -- whose Stars they are
    gateway     TEXT    NOT NULL,
    external_id TEXT    NOT NULL CHECK (external_id <> ''),  -- the gateway's; Telegram's charge id
    order_id    TEXT    REFERENCES payment_orders,           -- NULL: there is no such order
    user_id     INTEGER NOT NULL REFERENCES users,           -- who paid
    amount      INTEGER NOT NULL CHECK (amount >= 0),
    currency    TEXT    NOT NULL,
    tokens      INTEGER NOT NULL CHECK (tokens >= 0),        -- credited
    problem     TEXT    NOT NULL CHECK (problem IN
        ('',                                                 -- credited
         'no_order', 'other_person', 'other_amount')),       -- kept; the admins decide
    credited_by INTEGER,                                     -- the admin, of a transfer by hand
    paid_at     REAL    NOT NULL,                            -- when we were told
    refunded_at REAL,                                        -- the money went back
    UNIQUE (gateway, external_id),
    CHECK ((problem = '') = (tokens > 0)),
    CHECK (order_id IS NOT NULL OR problem = 'no_order')
) STRICT;

CREATE INDEX payments_of_user ON payments (user_id, payment_id);
CREATE INDEX payments_of_order ON payments (order_id);
CREATE INDEX payments_kept ON payments (payment_id) WHERE problem <> '' AND refunded_at IS NULL;

CREATE TRIGGER payments_keep BEFORE DELETE ON payments
BEGIN SELECT RAISE(ABORT, 'a payment is never deleted'); END;

CREATE TRIGGER payments_keep_sums BEFORE UPDATE ON payments
WHEN NEW.gateway <> OLD.gateway OR NEW.external_id <> OLD.external_id
    OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency OR NEW.tokens <> OLD.tokens
    OR NEW.order_id IS NOT OLD.order_id OR NEW.problem <> OLD.problem
    OR (OLD.refunded_at IS NOT NULL AND NEW.refunded_at IS NOT OLD.refunded_at)
BEGIN SELECT RAISE(ABORT, 'a payment stays what it was'); END;

CREATE TABLE payment_refunds (                               -- money on its way back, or gone back
    refund_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_id      INTEGER NOT NULL REFERENCES payments,
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    tokens_taken    INTEGER NOT NULL CHECK (tokens_taken >= 0),
    tokens_short    INTEGER NOT NULL CHECK (tokens_short >= 0), -- spent before, and so not taken
    reason          TEXT    NOT NULL,
    asked_by        INTEGER,                                 -- the admin; NULL: made elsewhere
    pay_to          INTEGER,                                 -- Telegram's id, while it is pending
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at REAL,
    error           TEXT    NOT NULL DEFAULT '',             -- the gateway's words
    made_at         REAL    NOT NULL,
    ended_at        REAL,
    CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    CHECK (state = 'pending' OR pay_to IS NULL)
) STRICT;

CREATE INDEX payment_refunds_of ON payment_refunds (payment_id);
CREATE UNIQUE INDEX payment_refunds_once ON payment_refunds (payment_id) WHERE state <> 'failed';
CREATE INDEX payment_refunds_next ON payment_refunds (next_attempt_at) WHERE state = 'pending';

CREATE TRIGGER payment_refunds_end_once BEFORE UPDATE OF state ON payment_refunds
WHEN OLD.state <> 'pending' AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'an ended refund stays ended'); END;

-- Old buttons name these; a restored backup gives none of them twice (storage/ids.py).
INSERT INTO sqlite_sequence (name, seq) VALUES ('payments', 0), ('payment_refunds', 0);

CREATE TABLE star_readings (                                 -- how far getStarTransactions was read
    bot_id      INTEGER PRIMARY KEY,
    next_offset INTEGER NOT NULL CHECK (next_offset >= 0),
    stars_in    INTEGER NOT NULL CHECK (stars_in >= 0),      -- paid for invoices, of all that was
    stars_out   INTEGER NOT NULL CHECK (stars_out >= 0),     -- read; and given back
    read_at     REAL    NOT NULL
) STRICT;

CREATE TABLE promo_codes (
    code     TEXT    PRIMARY KEY,                            -- in capitals
    tokens   INTEGER NOT NULL CHECK (tokens BETWEEN 1 AND 100000000),
    max_uses INTEGER CHECK (max_uses > 0),                   -- NULL: any number
    used     INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0 AND used <= coalesce(max_uses, used)),
    ends_at  REAL,                                           -- NULL: never
    enabled  INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    made_at  REAL    NOT NULL
) STRICT;

CREATE TABLE promo_uses (
    use_id  INTEGER PRIMARY KEY,
    code    TEXT    NOT NULL REFERENCES promo_codes,
    user_id INTEGER NOT NULL REFERENCES users,
    mark    TEXT,                                            -- of who was forgotten since
    used_at REAL    NOT NULL,
    UNIQUE (code, user_id),
    UNIQUE (code, mark)
) STRICT;

CREATE INDEX promo_uses_of_user ON promo_uses (user_id);

CREATE TABLE promo_tries (                                   -- of codes that there are not
    user_id INTEGER PRIMARY KEY REFERENCES users,
    day     INTEGER NOT NULL,                                -- UTC, since 1970
    wrong   INTEGER NOT NULL
) STRICT;

CREATE TABLE referrals (                                     -- who was brought here by whom
    user_id     INTEGER PRIMARY KEY REFERENCES users,
    inviter_id  INTEGER NOT NULL REFERENCES users,
    attached_at REAL    NOT NULL,
    CHECK (user_id <> inviter_id)
) STRICT;

CREATE INDEX referrals_of_inviter ON referrals (inviter_id);

CREATE TABLE referral_rewards (                              -- one for a payment of the invited
    payment_id INTEGER PRIMARY KEY REFERENCES payments,
    inviter_id INTEGER NOT NULL REFERENCES users,
    tokens     INTEGER NOT NULL CHECK (tokens > 0),
    state      TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'paid', 'undone')),
    taken      INTEGER NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND tokens), -- back, when undone
    made_at    REAL    NOT NULL,
    due_at     REAL    NOT NULL,
    paid_at    REAL
) STRICT;

CREATE INDEX referral_rewards_of_inviter ON referral_rewards (inviter_id, made_at);
CREATE INDEX referral_rewards_due ON referral_rewards (due_at) WHERE state = 'pending';

CREATE TABLE transfers (                                     -- money that goes past Telegram
    order_id     TEXT    PRIMARY KEY REFERENCES payment_orders,
    user_id      INTEGER NOT NULL REFERENCES users,
    state        TEXT    NOT NULL CHECK (state IN
        ('awaiting',                                         -- the receipt
         'open',                                             -- the admins' word
         'confirmed', 'refused')),
    file_id      TEXT,                                       -- Telegram's, of the receipt
    sent_as      TEXT,                                       -- photo, document
    made_at      REAL    NOT NULL,
    opened_at    REAL,
    reminded_at  REAL,
    decided_at   REAL,
    decided_by   INTEGER                                     -- the admin
) STRICT;

CREATE UNIQUE INDEX transfers_awaiting ON transfers (user_id) WHERE state = 'awaiting';
CREATE INDEX transfers_of_user ON transfers (user_id);
CREATE INDEX transfers_open ON transfers (opened_at) WHERE state = 'open';

CREATE TRIGGER transfers_end_once BEFORE UPDATE OF state ON transfers
WHEN OLD.state IN ('confirmed', 'refused') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'a transfer that was decided stays so'); END;

ALTER TABLE users ADD COLUMN daily_on INTEGER;               -- the day of their last free tokens

CREATE TABLE left_people (                                   -- who was forgotten, as marks: what is
    mark     TEXT PRIMARY KEY,                               -- given once is not given again
    daily_on INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_payments (
    day      INTEGER NOT NULL,
    gateway  TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    way      TEXT    NOT NULL CHECK (way IN ('in', 'out')),
    payments INTEGER NOT NULL,
    amount   INTEGER NOT NULL,
    PRIMARY KEY (day, gateway, currency, way)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER payments_count_days AFTER INSERT ON payments
BEGIN
    INSERT INTO daily_payments
    VALUES (CAST(NEW.paid_at / 86400 AS INTEGER), NEW.gateway, NEW.currency, 'in', 1, NEW.amount)
    ON CONFLICT DO UPDATE SET payments = payments + 1, amount = amount + excluded.amount;
END;

CREATE TRIGGER payments_count_refunds AFTER UPDATE OF refunded_at ON payments
WHEN OLD.refunded_at IS NULL AND NEW.refunded_at IS NOT NULL
BEGIN
    INSERT INTO daily_payments
    VALUES (CAST(NEW.refunded_at / 86400 AS INTEGER), NEW.gateway, NEW.currency, 'out', 1,
        NEW.amount)
    ON CONFLICT DO UPDATE SET payments = payments + 1, amount = amount + excluded.amount;
END;
