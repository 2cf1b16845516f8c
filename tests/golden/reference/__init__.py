"""The reference of each check, and its cases."""
