"""What every benchmark stands on: servers, rounds, figures, invariants and the report."""
