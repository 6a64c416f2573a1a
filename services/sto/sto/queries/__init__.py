"""The read side: everything under the row-level security of whoever reads."""
