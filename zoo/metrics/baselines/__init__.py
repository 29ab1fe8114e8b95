"""What one would do without a network: the baselines in the cards."""
