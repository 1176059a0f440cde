"""Floors: bare scripts of our own, the least code that could do what a subject does. They import nothing of Baton's
services."""
