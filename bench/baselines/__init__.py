"""What the product is measured against: the same work by hand, as somebody would write it for this one purpose."""
