"""From what a person writes to an order: the grammar of flags, and did-you-mean."""
