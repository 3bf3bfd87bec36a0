-- Whether KIE lists a model: where it does not, its fallback takes its place.
ALTER TABLE kie_models ADD COLUMN listed INTEGER NOT NULL DEFAULT 1 CHECK (listed IN (0, 1));

-- Between what the bot uses and what KIE says, as the admins were told; each once, until it is gone.
CREATE TABLE kie_differences (difference TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
