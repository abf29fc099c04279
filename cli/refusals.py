"""Why a command could not be carried out, as one line that says what to do."""

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from xpm.prefect_access import UnusablePassword
from xpm.settings import Settings
from xpm.store.errors import NoKeys, StoreError
from xpm.words import Message, Stopped, message


def refusal(error: Exception) -> str | None:
    """What to tell the operator about an error, or None for one that only a traceback explains."""
    said = error.message if isinstance(error, Stopped) else _said(error)
    return " ".join(said.text.split()) if said else None


def _said(error: Exception) -> Message | None:
    match error:
        case NoKeys():
            return message("operator.no_key", reason=str(error))
        case UnusablePassword():
            return message("operator.prefect_password", reason=str(error))
        case StoreError():
            return message("operator.store", reason=str(error))
        case DBAPIError():
            return message("operator.store", reason=str(error.orig))
        case ValidationError() if error.title == Settings.__name__:
            return message("operator.setting", problems="; ".join(_problems(error)))
        case _:
            return None


def _problems(error: ValidationError) -> list[str]:
    """Each variable and what is wrong with it; never its value, which may be a secret."""
    return [f"{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors(include_input=False)]
