"""What the HTTP benchmarks have in common: people with tokens, services, data."""
