"""The outside image services. This room knows nothing of the others."""
