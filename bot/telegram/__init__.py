"""Talking to Telegram: messenger, lanes, updates, files, buttons."""
