"""Baselines without a neural network, for the cards."""
