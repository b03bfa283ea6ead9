"""`gslb demo`: thirteen mirrors, a node that steers to them, and a terminal on which to break things and look on."""
