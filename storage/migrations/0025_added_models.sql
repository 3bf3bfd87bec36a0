-- Rows that /addmodel made: they have no price until an admin sets one, and go by /removemodel, but
-- stay in the table for what was ordered of them.
ALTER TABLE models ADD COLUMN price_set INTEGER NOT NULL DEFAULT 1
    CHECK (price_set IN (0, 1) AND (price_set OR NOT enabled));
ALTER TABLE models ADD COLUMN removed INTEGER NOT NULL DEFAULT 0
    CHECK (removed IN (0, 1) AND NOT (removed AND (enabled OR declared IS NULL)));
