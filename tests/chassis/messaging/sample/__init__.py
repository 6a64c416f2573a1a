"""A service that exists for these tests only: it keeps notes and what their events did."""
