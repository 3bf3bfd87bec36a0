-- Options that could change what a request costs, or replace its prompt or its picture, are closed
-- to people; these an admin has opened for the model.

ALTER TABLE models ADD COLUMN allowed_options TEXT NOT NULL DEFAULT '[]'
    CHECK (json_type(allowed_options) = 'array');
