"""A practice that moves to another XPM practice, or has its first one."""
