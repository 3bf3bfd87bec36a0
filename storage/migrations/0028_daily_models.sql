-- Numbers of a day by model, as those of 0005. A million items are read once.

CREATE TABLE daily_models (                               -- by the day on which items ended
    day    INTEGER NOT NULL,
    model  TEXT    NOT NULL,                              -- its slug
    status TEXT    NOT NULL,
    items  INTEGER NOT NULL,
    tokens INTEGER NOT NULL,                              -- what they cost
    PRIMARY KEY (day, model, status)
) STRICT, WITHOUT ROWID;

INSERT INTO daily_models
SELECT CAST(finished_at / 86400 AS INTEGER), model, status, count(*), sum(cost)
FROM items JOIN jobs USING (job_id) WHERE finished_at IS NOT NULL GROUP BY 1, 2, 3;

CREATE TRIGGER items_count_models AFTER UPDATE OF status ON items
WHEN NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL
BEGIN
    INSERT INTO daily_models
    SELECT CAST(NEW.finished_at / 86400 AS INTEGER), model, NEW.status, 1, NEW.cost
    FROM jobs WHERE job_id = NEW.job_id
    ON CONFLICT DO UPDATE SET items = items + 1, tokens = tokens + excluded.tokens;
END;
