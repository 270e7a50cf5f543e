"""Compare: two endings side by side."""
