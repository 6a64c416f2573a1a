"""Files of other apps, spreadsheets and CarPass' own exports: reading and writing them. No database, no HTTP."""
