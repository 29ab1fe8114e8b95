"""Registry, cards and checkpoints: find, verify, build, load, save."""
