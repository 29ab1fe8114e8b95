"""Training: the loop, the base class of recipes, resuming, fine-tuning, evaluation."""
