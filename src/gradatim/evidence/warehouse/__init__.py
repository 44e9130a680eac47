"""The engines and files in which a population's records stand, read and never written."""
