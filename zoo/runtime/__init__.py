"""What runs a checkpoint: the backend, predictors, exports, the cache."""
