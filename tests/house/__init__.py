"""Tests of the tree itself: its words, its documents, its version."""
