"""The steps of the runbooks: thin, named as the UI shows them."""
