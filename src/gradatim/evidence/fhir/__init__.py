"""Where facts come from: one reader for each source, each giving the same dated facts."""
