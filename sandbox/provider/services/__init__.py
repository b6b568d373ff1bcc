"""The types, one file per AWS service."""
