"""One benchmark a file; `./carpass bench list` names them."""
