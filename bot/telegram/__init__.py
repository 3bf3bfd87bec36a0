"""Telegram: messenger, lanes, updates, downloads, buttons."""
