-- What an admin allows, and what people are waited for.

-- Options that could change what a request costs, or replace its prompt or its picture, are closed
-- to people; these an admin has opened for the model.
ALTER TABLE models ADD COLUMN allowed_options TEXT NOT NULL DEFAULT '[]'
    CHECK (json_type(allowed_options) = 'array');

-- A picture that waits for words can be dropped by a button, which names what held it: the message
-- that brought it, or, below 0, a press of "use as input". The same press does not hold it twice.
ALTER TABLE held_pictures ADD COLUMN held_by INTEGER NOT NULL DEFAULT 0;
