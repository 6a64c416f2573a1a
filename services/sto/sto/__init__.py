"""Service centers, their people and their car links."""
