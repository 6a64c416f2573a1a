"""What a photo of a receipt, an odometer, a VIN plate or an invoice says. Nothing here writes anything."""
