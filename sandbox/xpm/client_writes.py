"""The writes of `client.api`: update and archive."""

from __future__ import annotations

from sandbox.accounts import edits
from sandbox.accounts.account import Account
from sandbox.generator.record import Record
from sandbox.xpm import views
from sandbox.xpm.call import ReceivedCall
from sandbox.xpm.refusals import NO_CLIENT, RefusedByXpm
from sandbox.xpm.request_body import parse, text
from sandbox.xpm.updates import RequestElement, as_client, as_date, as_name, as_staff, as_text, fields_of
from sandbox.xpm.write_endpoint import AccountWrite

_TEXTS = (
    "Title", "Gender", "FirstName", "MiddleName", "LastName", "OtherName", "Email",
    "Address", "City", "Region", "PostCode", "Country",
    "PostalAddress", "PostalCity", "PostalRegion", "PostalPostCode", "PostalCountry",
    "Phone", "Fax", "ReferralSource", "ExportCode", "ClientCode",
    "CompanyNumber", "BusinessNumber", "BranchNumber", "BusinessStructure", "BalanceMonth", "PrepareGST",
    "GSTRegistered", "GSTBasis", "ProvisionalTaxBasis", "ProvisionalTaxRatio",
    "SignedTaxAuthority", "TaxAgent", "AgencyStatus", "ReturnType", "PrepareActivityStatement", "PrepareTaxReturn",
    "ActiveAtoClient",
)  # fmt: skip
_PERIODS = {"1": "Monthly", "2": "2 Monthly", "6": "6 Monthly"}


def _as_period(_: Account, written: str) -> str | None:
    """Read months, as Xero documents requests. Answers have words."""
    return _PERIODS.get(written, written) or None


_UPDATABLE = {
    "Name": RequestElement("Name", as_name, survives=True),
    **{name: RequestElement(name, as_text) for name in _TEXTS},
    "WebSite": RequestElement("Website", as_text),
    "GSTPeriod": RequestElement("GSTPeriod", _as_period),
    "DateOfBirth": RequestElement("DateOfBirth", as_date),
    "DateOfDeath": RequestElement("DateOfDeath", as_date),
    "AccountManagerUUID": RequestElement("AccountManager", as_staff),
    "JobManagerUUID": RequestElement("JobManager", as_staff),
    "BillingClientUUID": RequestElement("BillingClient", as_client),
    # Taken as it is written, asterisks too: an app that sends back what it read destroys the number. Reads mask it, so
    # no app could send it back rightly, and omitting it never clears it.
    "TaxNumber": RequestElement("TaxNumber", as_text, survives=True),
}


def client_update(call: ReceivedCall) -> AccountWrite:
    """`update`: changes the elements in the request and answers with the client."""
    root = parse(call.body)
    uuid = client_of(call.account, text(root, "UUID") if root.tag == "Client" else None)[1]["UUID"]
    return _change(call.account, uuid, fields_of(call.account, root, _UPDATABLE))


def client_archive(call: ReceivedCall) -> AccountWrite:
    """`archive`: no endpoint brings an archived client back; a person does that in XPM."""
    root = parse(call.body)
    uuid = client_of(call.account, text(root, "UUID") if root.tag == "Client" else None)[1]["UUID"]
    return _change(call.account, uuid, {"IsArchived": "Yes"})


def client_of(account: Account, uuid: str | None) -> tuple[int, Record]:
    """Return the position and the record of the client with that UUID.

    Raises:
        RefusedByXpm: there is none.
    """
    position = account.clients.find(uuid) if uuid else None
    if position is None:
        raise RefusedByXpm(NO_CLIENT)
    return position, account.clients.record(position)


def _change(account: Account, uuid: str, fields: Record) -> AccountWrite:
    planned = edits.changed(account, "clients", uuid, fields)
    return AccountWrite(
        "clients",
        uuid,
        tuple(fields),
        lambda: edits.change(account, "clients", uuid, fields),
        views.CLIENT_GOT.write(planned),
    )
