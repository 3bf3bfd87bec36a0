"""Pictures and films as files: kinds, conversion, uploads, and the outbox to storage."""
