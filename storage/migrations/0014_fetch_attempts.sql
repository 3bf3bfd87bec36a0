-- A result that cannot be fetched is tried again for days, across restarts.

ALTER TABLE images ADD COLUMN fetch_attempts INTEGER NOT NULL DEFAULT 0; -- that failed
