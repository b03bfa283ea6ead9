"""`python -m probes` is `gslb-probe`."""

import sys

from probes.cli import main

if __name__ == "__main__":
    sys.exit(main())
