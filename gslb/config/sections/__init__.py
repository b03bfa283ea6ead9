"""One module a section: its keys, and how its part of `gslb.model` is built from them."""
