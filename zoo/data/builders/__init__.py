"""TFDS builders for data sets that the TFDS catalogue lacks; each reads a folder that the user has.

They stay out of TFDS's own registry, which holds other data sets under some of these names.
"""
