"""Work in the background: jobs, questions, measurements, processes."""
