"""Watching clips in a browser: one page that holds its own code and poses, and asks nothing of any network."""
