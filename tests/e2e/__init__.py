"""Tests of the whole bot, between the emulators, over HTTP."""
