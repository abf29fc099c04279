"""The face of XPM 3.1: who may call, how often, and the XML that answers."""
