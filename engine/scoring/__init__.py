"""Masked evaluation: settings, masks, intervals, scores, and what measures under all of them."""
