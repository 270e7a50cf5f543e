"""What one visitor holds: the page's state and its address."""
