"""Base classes that several recipes share: one file for a data set or a kind of network."""
