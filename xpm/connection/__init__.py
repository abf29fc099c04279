"""One practice's connection to XPM: consent, the person behind it, the chosen practice, the states it goes through."""
