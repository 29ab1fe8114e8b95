"""Running checkpoints: the backend, predictors, exports, the cache."""
