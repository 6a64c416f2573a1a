"""`python -m trust api | worker | relay | all | migrate | topics | audit verify`."""

from chassis.runtime import main
from trust.settings import TrustSettings
from trust.wiring import service

if __name__ == "__main__":
    main(service(TrustSettings.load()))
