"""Tools without a subject of their own: rate limits, retries, background tasks, the clock."""
