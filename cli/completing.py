"""What the shell offers for a practice, or for a field, when somebody presses Tab."""

import typer


def practices(incomplete: str) -> list[str]:
    """The practices' short names that begin with what was typed.

    None where they cannot be read at once: an error would stand in the middle of what somebody types.
    """
    from xpm.settings import Settings
    from xpm.store import slugs
    from xpm.store.errors import DatabaseUnavailable

    try:
        known = slugs.read(Settings().xpm_database_url)
    except (DatabaseUnavailable, ValueError, OSError):  # ValueError: a setting that cannot be used
        return []
    return [slug for slug in known if slug.startswith(incomplete)]


def fields(context: typer.Context, incomplete: str) -> list[str]:
    """XPM's own fields of the kind of record that was typed. A practice's custom fields are not offered."""
    from xpm.entities.registry import PUSHED

    pushed = PUSHED.get(context.params.get("kind"))  # type: ignore[arg-type]
    return [f"{field.name}=" for field in pushed.fields if field.name.startswith(incomplete)] if pushed else []
