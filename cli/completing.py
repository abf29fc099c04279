"""What the shell offers for a practice when somebody presses Tab."""


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
