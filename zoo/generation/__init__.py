"""Decoding: texts token by token, images from noise."""
