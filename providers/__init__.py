"""The image services. This package imports none of the others."""
