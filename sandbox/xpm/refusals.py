"""The sentences with which XPM refuses a write: HTTP 200, `Status` ERROR and one of these as ErrorDescription."""

from __future__ import annotations

NO_JOB = "Invalid job identifier"
NO_CLIENT = "Invalid client/contact identifier"
NO_STATE = "Invalid state code"
NO_STAFF = "Invalid staff identifier for add request"
"""These four were recorded from XPM. Those below are plausible: Xero publishes none of them."""
NO_STAFF_TO_REMOVE = "Invalid staff identifier for remove request"
NO_TASK = "Invalid task identifier"
NO_CATEGORY = "Invalid category identifier"
NO_TIME = "Invalid time identifier"
NO_FIELD = "Invalid custom field identifier"
NO_NAME = "Name is required"
BAD_DATE = "Invalid date, expected format is YYYYMMDD"
BAD_NUMBER = "Invalid number"
BAD_MINUTES = "Minutes, or start and end time, must be specified"
BAD_VALUE = "Invalid value for custom field"
BAD_OPTION = "Value is not an option of the custom field"
LOCKED = "The date is on or before the WIP lock date"
CLOSED_FOR_TIME = "Time cannot be recorded against a job in this state"
CLOSED = "The job cannot be updated in its current state"
NOT_ASSIGNED = "The staff member is not assigned to the job or task"


class RefusedByXpm(Exception):
    """XPM refuses the write; nothing of it was done. The message is the ErrorDescription."""
