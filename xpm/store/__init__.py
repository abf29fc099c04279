"""Everything that FYI keeps: tables, sessions, migrations, the token vault, Practice Activity."""
