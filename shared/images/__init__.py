"""Finished images: their rows, their keys, the stores that hold them and the links to them."""
