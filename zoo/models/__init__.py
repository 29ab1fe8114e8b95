"""One landmark paper, one file. Found by scanning this folder: see `zoo.hub.registry`."""
