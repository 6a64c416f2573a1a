"""What operations ask of a whole installation: over all databases and topics at once."""
