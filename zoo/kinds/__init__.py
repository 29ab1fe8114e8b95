"""Kinds: one file for each modality, all there is to know about it. No file here imports a framework."""
