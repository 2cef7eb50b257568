"""A graph step by step: its passes as a list of moments, in Python, a terminal and a page."""
