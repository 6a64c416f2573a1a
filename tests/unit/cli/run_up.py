"""`carpass` on stand-ins, for tests of what signals do to it: `python run_up.py up --state DIR …`."""

import pytest

from cli.app import main
from tests.unit.cli import standins

if __name__ == "__main__":
    standins.install(pytest.MonkeyPatch())
    main()
