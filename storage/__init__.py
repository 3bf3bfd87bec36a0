"""SQLite and files. Of the other packages this one imports only providers."""
