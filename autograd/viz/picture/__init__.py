"""A graph as a picture: what is visible of it, in which boxes, as DOT and as an image."""
