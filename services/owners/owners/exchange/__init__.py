"""`carpass.exchange.v1` and imports: from any file to records, from records to the difference that an import makes."""
