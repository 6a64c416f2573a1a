"""The carpass command: local stack, demo, operations."""
