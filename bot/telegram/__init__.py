"""Telegram: messenger, lanes, updates, files, buttons."""
