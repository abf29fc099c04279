"""Tests of `xpm.sync`, against the sandbox over real HTTP and on both databases."""
