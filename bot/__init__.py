"""What the bot does between a message and a picture: parsing, queue, worker, delivery, texts."""
