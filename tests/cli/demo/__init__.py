"""The parts of the demo. CI runs the whole demo."""
