"""The checkpoints that come with the package, one folder each. Holds no code; `zoo.hub` reads it."""
