"""One file for each format that is read, and how each is recognised."""
