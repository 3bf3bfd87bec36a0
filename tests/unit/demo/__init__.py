"""Tests of the stand-ins: one that is laxer than its service would hide bugs."""
