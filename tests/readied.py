"""What each forked process of the tests finds ready: the library, with its tables mapped. It holds nothing open."""

from importlib import import_module

from sqlalchemy.orm import configure_mappers

for each in ("tests.pull.breaking.dying", "tests.push.worker", "xpm.consent.access", "xpm.consent.keeper"):
    import_module(each)
configure_mappers()
