"""Everything between a message and its picture: prompts, queue, worker, delivery, texts."""

__version__ = "0.1.0"
