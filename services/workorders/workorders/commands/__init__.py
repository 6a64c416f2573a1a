"""What people and events do with work orders: one use case, one file, one transaction."""

from workorders.commands.add_job import add_job
from workorders.commands.add_labor import add_labor
from workorders.commands.add_product import add_product
from workorders.commands.approve_estimate import approve_estimate
from workorders.commands.cancel_work_order import cancel_work_order
from workorders.commands.change_labor import change_labor
from workorders.commands.change_product import change_product
from workorders.commands.complete_work_order import complete_work_order
from workorders.commands.expire_estimate import expire_estimate
from workorders.commands.mark_as_ready import mark_as_ready
from workorders.commands.open_work_order import open_work_order
from workorders.commands.pause_work import pause_work
from workorders.commands.record_consent import record_consent
from workorders.commands.remove_job import remove_job
from workorders.commands.remove_labor import remove_labor
from workorders.commands.remove_product import remove_product
from workorders.commands.rename_job import rename_job
from workorders.commands.reopen_work import reopen_work
from workorders.commands.resume_work import resume_work
from workorders.commands.send_estimate import send_estimate
from workorders.commands.start_work import start_work
from workorders.commands.submit_for_check import submit_for_check
from workorders.commands.withdraw_estimate import withdraw_estimate

__all__ = [
    "add_job",
    "add_labor",
    "add_product",
    "approve_estimate",
    "cancel_work_order",
    "change_labor",
    "change_product",
    "complete_work_order",
    "expire_estimate",
    "mark_as_ready",
    "open_work_order",
    "pause_work",
    "record_consent",
    "remove_job",
    "remove_labor",
    "remove_product",
    "rename_job",
    "reopen_work",
    "resume_work",
    "send_estimate",
    "start_work",
    "submit_for_check",
    "withdraw_estimate",
]
