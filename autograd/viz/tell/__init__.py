"""A graph in words: why a gradient is what it is, whether an answer is right, what made a NaN."""
