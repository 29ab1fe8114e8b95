"""Blocks that three or more models share."""
