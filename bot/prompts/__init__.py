"""Parsing of prompts: the grammar of flags, did-you-mean, doubtful prompts."""
