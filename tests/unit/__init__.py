"""Tests of one module each, without the whole bot."""
