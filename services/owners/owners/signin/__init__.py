"""Who somebody is: Telegram's proofs are checked here (telegram.py), and our own tokens are made here."""
