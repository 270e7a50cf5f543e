"""Folders and files of work that can be killed and resumed."""
