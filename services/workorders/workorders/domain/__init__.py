"""The rules of a work order. Standard library only: clock, ids and the hash function are passed in."""
