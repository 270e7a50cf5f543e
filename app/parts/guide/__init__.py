"""The guide through a lesson, beside the pages that it speaks of."""
