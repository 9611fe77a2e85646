"""Looks at an installation. What may be broken in it is imported in other processes."""
