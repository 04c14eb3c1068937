"""`python -m cli` is `search`."""

import sys

from cli.main import main

sys.exit(main())
