"""Tests of providers/: real HTTP against servers on loopback."""
