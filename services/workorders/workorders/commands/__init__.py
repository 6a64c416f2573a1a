"""What people and events do with work orders: one use case, one file, one transaction."""
