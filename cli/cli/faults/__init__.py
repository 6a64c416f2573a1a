"""Faults that strike a running stack: a TCP proxy that the network's faults come from."""
