"""``python -m starter``."""

import sys

from starter.command import main

sys.exit(main(sys.argv[1:]))
