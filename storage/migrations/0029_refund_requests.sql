-- What people ask the admins of a purchase in /paysupport: at most one open request for each.

CREATE TABLE refund_requests (
    payment_id  INTEGER PRIMARY KEY REFERENCES payments,
    asked_at    REAL NOT NULL,                               -- for the last time
    told_at     REAL,                                        -- the admins have it
    answered_at REAL                                         -- in words; it can be asked again
) STRICT;

CREATE INDEX refund_requests_untold ON refund_requests (asked_at) WHERE told_at IS NULL;
