"""A whole GSLB on one machine, to look at and to break: first of all its thirteen mirrors."""
