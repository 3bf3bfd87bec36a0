"""The shop: what happens to requests and albums until a job is placed."""
