"""The limits of Telegram and KIE: each number once, with its unit and its source.

What is chosen within them (pauses, retries, a margin) stands in bot/tuning.py and where it is used;
limits of one model in its product. The stand-ins (bot/demo) have numbers of their own: as the
other side, they would notice a wrong one here.
"""

DAY_S = 86_400.0

# Telegram's Bots FAQ: rates.
TELEGRAM_MESSAGES_PER_S = 30  # to all chats
TELEGRAM_CHAT_MESSAGES_PER_S = 1  # to one chat

# Bot API: lengths of what is shown, without tags, in UTF-16 code units.
MESSAGE_UNITS = 4096  # sendMessage
CAPTION_UNITS = 1024  # sendPhoto, sendVideo, sendDocument
PRESS_UNITS = 200  # answerCallbackQuery
COPY_UNITS = 256  # CopyTextButton

# Bot API: buttons.
BUTTON_BYTES = 64  # of callback data
BUTTONS = 100  # under one message

# Bot API: files.
PHOTO_MAX_BYTES = 10 * 2**20  # sendPhoto; what is over one of these three goes as a document
PHOTO_MAX_SIDES_PX = 10_000  # width and height together
PHOTO_MAX_RATIO = 20  # of the sides
DOCUMENT_MAX_BYTES = 50 * 2**20  # sendDocument, sendVideo
THUMBNAIL_MAX_SIDE_PX = 320  # of a JPEG of at most 200 kB
DOWNLOAD_MAX_BYTES = 20 * 2**20  # getFile

UPDATES_AT_ONCE = 100  # Bot API, getUpdates
WEBHOOK_CONNECTIONS = 100  # Bot API, setWebhook: at most

# docs.kie.ai: rates, for an account and for a key.
KIE_CREATES = 20
KIE_CREATES_WINDOW_S = 10.0
KIE_POLLS_PER_S = 10
KIE_DISCOVERIES_PER_S = 1  # of models, their schemas and prices together

# docs.kie.ai: files.
KIE_INPUT_MAX_BYTES = 10_000_000  # a picture to start from
KIE_UPLOAD_LIFE_S = DAY_S  # an uploaded one; other pages say 3 days
KIE_ADDRESS_LIFE_S = DAY_S  # a result's address, usually; a fresh one may be had
KIE_RESULT_LIFE_S = 14 * DAY_S  # then media are deleted
