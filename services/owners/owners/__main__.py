"""`python -m owners api | worker | relay | all | migrate | topics | moderator …`."""

from chassis.runtime import main
from owners.settings import OwnersSettings
from owners.wiring import service

if __name__ == "__main__":
    main(service(OwnersSettings.load()))
