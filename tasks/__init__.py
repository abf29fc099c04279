"""The steps of the runbooks. They are thin, and named as the UI shows them."""
