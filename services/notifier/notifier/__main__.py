"""`python -m notifier api | worker | relay | all | migrate | webhook set URL | webhook remove`."""

from chassis.runtime import main
from notifier.settings import NotifierSettings
from notifier.wiring import service

if __name__ == "__main__":
    main(service(NotifierSettings.load()))
