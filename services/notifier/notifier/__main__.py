"""`python -m notifier api | worker | relay | all | migrate | webhook set URL | webhook remove`."""

import sys

from pydantic import ValidationError

from chassis.runtime import EXIT_USAGE, main
from notifier.settings import NotifierSettings
from notifier.wiring import service


def run() -> None:
    """Refuses wrong settings with a sentence each."""
    try:
        settings = NotifierSettings()
    except ValidationError as error:
        for each in error.errors(include_input=False):
            name = "CARPASS_" + str(each["loc"][0]).upper() + ": " if each["loc"] else ""
            sys.stderr.write(f"{name}{each['msg'].removeprefix('Value error, ')}\n")
        sys.exit(EXIT_USAGE)
    main(service(settings))


if __name__ == "__main__":
    run()
