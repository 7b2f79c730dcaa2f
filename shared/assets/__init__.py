"""Input pictures: read with care, written anew, kept until their tenant removes them."""
