"""The rules of trust: what is due, what a score is made of, how the audit chain hangs together. Pure."""
