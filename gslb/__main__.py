"""`python -m gslb` is `gslb`."""

from gslb.cli import main

if __name__ == "__main__":
    main()
