"""Every table of the store, one module for each topic. The migrations must produce exactly `StoreTable.metadata`."""

from xpm.store.tables.api_tokens import ApiToken
from xpm.store.tables.audit import AuditEntry, AuditHead, SettingValue
from xpm.store.tables.budget import CallTally, TenantAllowance
from xpm.store.tables.clients import (
    Client,
    ClientContact,
    ClientGroup,
    ClientGroupMember,
    ClientRelationship,
    Contact,
)
from xpm.store.tables.connections import AuthorisationAttempt, Connection, ConnectionTransition, Consent
from xpm.store.tables.custom_fields import (
    CustomFieldComparison,
    CustomFieldDefinition,
    CustomFieldOwner,
    CustomFieldValue,
)
from xpm.store.tables.history import RecordChange, before_table
from xpm.store.tables.jobs import CurrentJob, Job, JobCategory, JobCheck
from xpm.store.tables.logins import ConsoleSession, Login, LoginLink, LoginUser
from xpm.store.tables.news import NewsAddress, OpenTrouble, WaitingNews
from xpm.store.tables.operations import (
    FailedRequest,
    FinishedList,
    LeaseRow,
    PracticeActivity,
    Quarantine,
    SyncRun,
    UnknownElement,
)
from xpm.store.tables.practices import FyiUser, IntegrationSettings, Practice
from xpm.store.tables.pushes import EditTransition, JobStateCode, PendingEdit, PushCall, PushPause, TimeEntry
from xpm.store.tables.schema import JsonObject, StoreTable, SyncedRecord, TenantScoped, Timestamped
from xpm.store.tables.staff import Staff
from xpm.store.tables.tax_returns import TaxReturn

__all__ = [
    "ApiToken",
    "AuditEntry",
    "AuditHead",
    "AuthorisationAttempt",
    "CallTally",
    "Client",
    "ClientContact",
    "ClientGroup",
    "ClientGroupMember",
    "ClientRelationship",
    "Connection",
    "ConnectionTransition",
    "Consent",
    "ConsoleSession",
    "Contact",
    "CurrentJob",
    "CustomFieldComparison",
    "CustomFieldDefinition",
    "CustomFieldOwner",
    "CustomFieldValue",
    "EditTransition",
    "FailedRequest",
    "FinishedList",
    "FyiUser",
    "IntegrationSettings",
    "Job",
    "JobCategory",
    "JobCheck",
    "JobStateCode",
    "JsonObject",
    "LeaseRow",
    "Login",
    "LoginLink",
    "LoginUser",
    "NewsAddress",
    "OpenTrouble",
    "PendingEdit",
    "Practice",
    "PracticeActivity",
    "PushCall",
    "PushPause",
    "Quarantine",
    "RecordChange",
    "SettingValue",
    "Staff",
    "StoreTable",
    "SyncRun",
    "SyncedRecord",
    "TaxReturn",
    "TenantAllowance",
    "TenantScoped",
    "TimeEntry",
    "Timestamped",
    "UnknownElement",
    "WaitingNews",
    "before_table",
]
