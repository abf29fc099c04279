"""Everything that FYI stores: tables, sessions, migrations, the token vault, Practice Activity."""
