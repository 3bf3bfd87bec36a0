"""Everything between a message and its picture: prompts, queue, worker, delivery, texts."""
