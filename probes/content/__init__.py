"""Release sets on sites: which generation is there, and whether its files are what they should be."""
