"""Payments: the gateways, one file each, and the booking of what comes in by them."""
