"""Where weights that others published come from."""
