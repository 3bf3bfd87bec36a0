"""SQLite and files. This room knows nothing of the others."""
