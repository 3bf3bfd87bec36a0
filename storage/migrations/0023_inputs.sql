-- An order may start from several pictures, each Telegram's file or an item of our own ("item:5").
-- The first stays in input_file_id, which says by itself whether there is one; no row is written.

ALTER TABLE jobs ADD COLUMN more_inputs TEXT NOT NULL DEFAULT '[]';          -- beside the first
ALTER TABLE questions ADD COLUMN more_inputs TEXT NOT NULL DEFAULT '[]';
ALTER TABLE held_pictures ADD COLUMN more_inputs TEXT NOT NULL DEFAULT '[]'; -- of an album

-- Each upload that was made, [position among the inputs, URL, when], the latest last; what was made
-- before this migration stays in input_url.
ALTER TABLE jobs ADD COLUMN input_uploads TEXT NOT NULL DEFAULT '[]';
