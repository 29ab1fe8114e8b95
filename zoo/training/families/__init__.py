"""What several recipes have in common: one file for a data set or a kind of network."""
