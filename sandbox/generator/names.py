"""Invented names and words. Many are not ASCII, as in real practices."""

GIVEN = (
    "Aroha", "Wiremu", "Mere", "Hēmi", "Ngaire", "Tāne", "Olivia", "Jack", "Charlotte", "Noah", "Priya", "Arjun",
    "Mei",
    "Wei", "José", "Zoë", "François", "Søren", "Łukasz", "Siobhán", "Anaïs", "Jürgen", "Nguyễn", "Thi", "Kiri",
    "Rāwiri",
    "Amelia", "Lachlan", "Isla", "Cooper", "Ruby", "Angus", "Fatima", "Yusuf", "Elena", "Dmitri", "明", "美咲",
    "Grace", "Eoin",
)  # fmt: skip
FAMILY = (
    "Ngāta", "Pōtiki", "Te Rangi", "O'Brien", "D'Angelo", "MacKenzie", "Smith", "Nguyễn", "Müller", "Åström",
    "Çelik", "Kowalski",
    "García", "Patel", "Chen", "陈", "山田", "Ó Súilleabháin", "Fitzgerald", "van der Berg", "Taylor-Jones", "Singh",
    "Hōhepa",
    "Wilson", "Papadopoulos", "Haddad", "Kaur", "Thompson", "Ivanović", "Baker", "Tūhoe", "Murray", "Costa",
    "Ferreira", "Reid",
)  # fmt: skip
TRADES = (
    "Plumbing", "Café", "Engineering", "Landscapes", "Dental", "Electrical", "Orchards", "Joinery", "Motors",
    "Physiotherapy",
    "Architects", "Freight", "Bakery", "Vineyards", "Roofing", "Pharmacy", "Fisheries", "Design", "Kōhanga",
    "Earthworks",
)  # fmt: skip
PLACES = (
    "Harbour", "Kōwhai", "Bluegum", "Southern", "Ridgeline", "Tūī", "Bayside", "Ironbark", "Pōhutukawa", "Redgum",
    "Northcote",
    "Lighthouse", "Wattle", "Saltwater", "Kererū", "Copper", "Granite", "Riverbend", "Stonefruit", "Two Rivers",
)  # fmt: skip
STREETS = (
    "Esplanade",
    "Quay Street",
    "Wharf Road",
    "Marine Parade",
    "Kōwhai Lane",
    "St George's Terrace",
    "Mill Road",
    "The Crescent",
)
TOWNS = {
    "AU": (
        ("Newcastle", "NSW", "2300"), ("Geelong", "VIC", "3220"), ("Hobart", "TAS", "7000"), ("Fremantle", "WA",
        "6160"),
        ("Cairns", "QLD", "4870"), ("Glenelg", "SA", "5045"), ("Wollongong", "NSW", "2500"), ("Darwin", "NT", "0800"),
    ),
    "NZ": (
        ("Tauranga", "Bay of Plenty", "3110"), ("Nelson", "Tasman", "7010"), ("Whangārei", "Northland", "0110"),
        ("Dunedin", "Otago", "9016"), ("Ōtautahi Christchurch", "Canterbury", "8011"), ("Wellington", "Wellington",
        "6011"),
    ),
}  # fmt: skip
COUNTRIES = {"AU": "Australia", "NZ": "New Zealand", "GB": "United Kingdom"}
ROLES = ("Director", "Trustee", "Bookkeeper", "Spouse", "Partner", "Company Secretary", "Whānau contact")
INDUSTRIES = (
    "Construction",
    "Hospitality",
    "Primary production",
    "Health",
    "Retail & wholesale",
    "Professional services",
)
SOURCES = ("Word of mouth", "Website", "Bank referral", "Rotary club", "Existing client <family>")
CLIENT_TYPES = (
    ("20th of the month following", "30.00", "DayOfMonth", "20"),
    ("14 days", "0.00", "WithinDays", "14"),
    ("Direct debit", "10.00", "WithinDays", "7"),
)
NOTE_TITLES = ("Phone call", "Meeting notes", "Fee agreed", "AML check", "Handover", "ATO letter")
NOTE_TEXTS = (
    "Rang about the trust deed; will send a signed copy.",
    "Prefers e-mail after 5 pm & never on Fridays.",
    "Fee agreed: 2,400.00 plus GST.\nInvoice in two halves.",
    "Wants <strong>monthly</strong> reports from July.",
    "Asked whether tikanga payments are deductible \N{EN DASH} see file note “Koha”.",
    'Says "the old accountant" has the ledgers.\nSecond line, with a\ttab.',
)
WORK = (
    ("Annual accounts", "Compliance"),
    ("Individual tax return", "Compliance"),
    ("Company tax return", "Compliance"),
    ("BAS \N{EN DASH} quarterly", "BAS & GST"),
    ("GST review", "BAS & GST"),
    ("Payroll set-up", "Bookkeeping"),
    ("Monthly bookkeeping", "Bookkeeping"),
    ("Trust distribution minutes", "Trusts"),
    ("SMSF audit", "Superannuation"),
    ("Business plan & budget", "Advisory"),
    ("Succession advice", "Advisory"),
    ("FBT return", "Compliance"),
)
CATEGORIES = ("Compliance", "BAS & GST", "Bookkeeping", "Trusts", "Superannuation", "Advisory", "Internal")
TEMPLATES = (
    "Annual accounts \N{EN DASH} company",
    "Annual accounts \N{EN DASH} trust",
    "ITR \N{EN DASH} simple",
    "BAS \N{EN DASH} quarterly",
    "New client onboarding",
)
TASKS = (
    "Gather records",
    "Code transactions",
    "Prepare workpapers",
    "Partner review",
    "Client sign-off",
    "Lodge",
    "Bill",
)
FOLDERS = ("Correspondence", "Workpapers", "Permanent", None)
MILESTONES = ("Records in", "Draft to client", "Lodged", "Paid")
DESCRIPTIONS = (
    "Standard engagement.",
    "Prepare accounts & return.\nCheck last year's adjustments.",
    'Review <draft> figures, then send as "final" (see e-mail of 3 May).',
    "Includes rental schedule \N{EN DASH} client's own spreadsheet is not reliable; R&D offset possible.",
    "<p>Pasted from the web:</p> fees &amp; charges",
    None,
)
STATES = (
    ("Planned", True), ("Records requested", True), ("In Progress", True), ("Waiting on client", True),
    ("Partner review", True),
    ("On Hold", True), ("Ready to lodge", True), ("Completed", False), ("Cancelled", False),
    ("Written off & closed", False),
)  # fmt: skip
"""Job states as (display name, still current?). In XPM each practice defines its own."""
