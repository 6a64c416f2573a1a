"""The work order and what its completion writes for ever."""
