-- A create whose answer was lost is sent once more, and not before this. Unix seconds.

ALTER TABLE images ADD COLUMN create_after REAL;
