"""What the command line offers, as Python functions."""
