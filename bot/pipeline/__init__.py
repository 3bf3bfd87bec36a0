"""The path of an item: from the queue through the provider to the chat."""
