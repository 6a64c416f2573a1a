"""The plumbing every CarPass service stands on."""
