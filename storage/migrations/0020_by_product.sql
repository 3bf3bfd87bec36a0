-- What people set of a product is kept by the product, beside what is theirs whatever they ask for.

CREATE TABLE product_preferences (
    user_id INTEGER NOT NULL,                          -- Telegram's; has a row in preferences
    product TEXT    NOT NULL,                          -- models.provider
    params  TEXT    NOT NULL CHECK (json_type(params) = 'object'), -- by their names in `input`
    PRIMARY KEY (user_id, product)
) STRICT, WITHOUT ROWID;

INSERT INTO product_preferences (user_id, product, params)
SELECT user_id, 'midjourney', params FROM (
    SELECT user_id, json_patch('{}', json_object(      -- without those that are NULL
        'aspect_ratio', aspect_ratio, 'quality', quality,
        'negative_prompt', negative_prompt, 'cfg_scale', cfg_scale
    )) AS params FROM preferences
) WHERE params <> '{}';

ALTER TABLE preferences DROP COLUMN aspect_ratio;
ALTER TABLE preferences DROP COLUMN quality;
ALTER TABLE preferences DROP COLUMN negative_prompt;
ALTER TABLE preferences DROP COLUMN cfg_scale;

-- The next text is for this field.
ALTER TABLE awaited_words ADD COLUMN product TEXT NOT NULL DEFAULT 'midjourney';
ALTER TABLE awaited_words ADD COLUMN param TEXT NOT NULL DEFAULT 'negative_prompt';
