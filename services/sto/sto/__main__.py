"""`python -m sto api | worker | relay | all | migrate | topics | moderator …`."""

from chassis.runtime import main
from sto.settings import StoSettings
from sto.wiring import service

if __name__ == "__main__":
    main(service(StoSettings.load()))
