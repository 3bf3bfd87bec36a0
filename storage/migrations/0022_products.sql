-- A shop of products: rows that an admin added, prices by value, and what KIE really charged.

-- What /addmodel found out of a product; NULL: the program declares it.
ALTER TABLE models ADD COLUMN declared TEXT CHECK (json_type(declared) = 'object');

CREATE TABLE model_prices (                           -- where a value changes the price
    slug  TEXT    NOT NULL REFERENCES models,
    param TEXT    NOT NULL,                           -- as in `input`
    value TEXT    NOT NULL,                           -- as people write it
    price INTEGER NOT NULL CHECK (price BETWEEN 1 AND 1000000), -- tokens with it, all else by default
    PRIMARY KEY (slug, param, value)
) STRICT, WITHOUT ROWID;

ALTER TABLE items ADD COLUMN credits REAL;            -- KIE's, as it says the task took; NULL: unknown

-- A tool takes a picture and no words.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (prompt <> '''')', '')
WHERE type = 'table' AND name IN ('jobs', 'questions');
PRAGMA writable_schema = RESET;
