"""What help adds below the options of a command: examples, and the words that its output has.

It is text alone, since help has to appear at once. Tests compare it with what the product does.
"""

EDIT = """
Example: `fyi-xpm edit job J000123 state="In Progress" due=2026-11-30 --by mere.tane@harbourvale.example`

Fields of a job: `state`, `manager`, `partner`, `name`, `description`, `budget`, `start`, `due`, `client-order-number`.

Fields of a client: `name`, `partner`, `manager`, `first-name`, `last-name`, `other-name`, `email`, `phone`, `fax`,
`website`, `referral-source`, `address`, `city`, `region`, `post-code`, `country`, `postal-address`, `postal-city`,
`postal-region`, `postal-post-code`, `postal-country`, `date-of-birth`.

Custom fields go by their names, such as `"Fee budget"=1250.50`; put `custom:` before one that is called like another
field.

Values: a date as 2026-11-30, an amount as 1250.50, yes or no, a staff member by email address, name or XPM ID, a job
state or an option by its name. Nothing after `=` makes the field empty.
"""

EDIT_FILE = """
One line for each field to change. Save it as CSV in UTF-8, with commas between the cells:

    kind,record,field,value
    job,J000123,due,2026-11-30
    job,J000123,description,"Accounts, tax and ""extras"", 2026"
    job,J000124,manager,
    client,"Vale, Harbour & Sons",phone,+61 2 5550 1234

Put a cell with commas, quotes or line breaks in double quotes, and double each quote within. A cell without a value
makes the field empty. `record` is a job's number, a client's name, or an XPM ID of either.

`fyi-xpm edit --help` lists the fields and says how values are written.
"""

EDITS = """
The states of an edit:

- `queued`: it waits to be sent, which is done within minutes.
- `sending`: it is being sent; if the answer was lost, Xero Practice Manager is asked first whether it arrived.
- `confirmed`: Xero Practice Manager has it.
- `conflict`: the field was changed on both sides, and nothing was overwritten. Somebody decides: `keep` or `take`.
- `refused`: Xero Practice Manager, or one of its rules, refuses it. Correct what the reason names, then `try-again`, or
  `withdraw` it.
- `withdrawn`: it is not sent any more, and FYI has the value of Xero Practice Manager. `put-back` brings FYI's back.

Those that are `queued`, `sending`, in `conflict` or `refused` are open: `fyi-xpm status` and the Apps page count them
as *Pending Sync*. Every active FYI user of the practice may decide.
"""

BELOW = {"edit": EDIT, "edit-file": EDIT_FILE, "edits": EDITS}
"""What help adds, by command."""
