"""What owning a car costs: running costs, depreciation, and the interest of a loan."""
