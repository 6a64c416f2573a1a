"""Work orders by the thousand while faults strike, and the proof that nothing was lost or doubled."""
