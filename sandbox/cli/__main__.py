"""``python -m sandbox.cli``."""

import sys

from . import main

sys.exit(main())
