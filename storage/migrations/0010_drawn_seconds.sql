-- What the provider took for a picture, as it says: it tells when to ask about the next one.

ALTER TABLE images ADD COLUMN drawn_s REAL;
