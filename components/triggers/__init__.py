"""What calls services."""
