"""`python -m workorders api | worker | relay | all | migrate | topics`."""

from chassis.runtime import main
from workorders.settings import WorkordersSettings
from workorders.wiring import service

if __name__ == "__main__":
    main(service(WorkordersSettings.load()))
