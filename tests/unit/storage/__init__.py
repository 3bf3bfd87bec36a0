"""Tests of storage/: a real SQLite file each."""
