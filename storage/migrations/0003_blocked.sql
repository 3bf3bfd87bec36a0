-- People who blocked the bot: what is theirs is kept until they come back.

ALTER TABLE users ADD COLUMN blocked_at REAL;
