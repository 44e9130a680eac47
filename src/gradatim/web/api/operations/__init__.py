"""What can be asked and done, one module for each kind of thing."""
