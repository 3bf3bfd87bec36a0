"""Requests, albums, and what becomes of them before a job is placed."""
