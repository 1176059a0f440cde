"""The decisions of blog."""
