-- What items took at KIE, by day, and the tokens that they brought; of items of which KIE told it.

CREATE TABLE daily_credits (                              -- by the day on which items ended
    day     INTEGER NOT NULL PRIMARY KEY,
    credits REAL    NOT NULL,                             -- KIE's
    tokens  INTEGER NOT NULL                              -- of those delivered: others are refunded
) STRICT;

INSERT INTO daily_credits
SELECT CAST(finished_at / 86400 AS INTEGER), sum(credits), sum(iif(status = 'delivered', cost, 0))
FROM items WHERE finished_at IS NOT NULL AND credits IS NOT NULL GROUP BY 1;

CREATE TRIGGER items_count_credits AFTER UPDATE OF status ON items
WHEN NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL AND NEW.credits IS NOT NULL
BEGIN
    INSERT INTO daily_credits
    VALUES (CAST(NEW.finished_at / 86400 AS INTEGER), NEW.credits,
        iif(NEW.status = 'delivered', NEW.cost, 0))
    ON CONFLICT DO UPDATE SET credits = credits + excluded.credits,
        tokens = tokens + excluded.tokens;
END;
