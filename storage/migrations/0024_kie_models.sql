-- What KIE said of its models when it was last asked: inputs are checked against it, and what is
-- said later is compared with it.
CREATE TABLE kie_models (
    model  TEXT PRIMARY KEY,                                   -- KIE's name
    schema TEXT CHECK (json_type(schema) = 'object'),          -- of `input`; NULL: it has none
    price  TEXT NOT NULL                                       -- KIE's own words
) STRICT, WITHOUT ROWID;
