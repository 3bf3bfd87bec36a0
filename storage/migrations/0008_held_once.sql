-- A picture that was used stays remembered: its message may come a second time.

ALTER TABLE held_pictures ADD COLUMN message_id INTEGER NOT NULL DEFAULT 0; -- the last that held one
ALTER TABLE held_pictures ADD COLUMN used INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1));
