"""Start: one question with the answer covered, and what is at stake."""
