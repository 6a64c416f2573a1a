"""How the command line speaks to a running CarPass: as any client of the gateway does."""
