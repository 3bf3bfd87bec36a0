-- A picture is sent again when the answer to its sending was lost, and not without end.

ALTER TABLE images ADD COLUMN lost_sendings INTEGER NOT NULL DEFAULT 0; -- that may have arrived
