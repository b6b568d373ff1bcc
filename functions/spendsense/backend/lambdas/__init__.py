"""The daily jobs: a handler each."""
