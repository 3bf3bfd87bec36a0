"""Tests mirror the rooms; what they share stands in tests/support.py."""
