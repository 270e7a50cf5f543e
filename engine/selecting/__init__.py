"""Full selections: strategies, schedule, tuning, the run, its record, and summaries over several."""
