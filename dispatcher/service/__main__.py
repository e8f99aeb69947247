"""``python -m dispatcher.service --data DIR``: serve a Batch account on this machine."""

import sys

from dispatcher.service.command import main

if __name__ == "__main__":
    sys.exit(main())
