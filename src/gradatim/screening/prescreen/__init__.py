"""Prescreening a population: every criterion, for everybody in a warehouse or a bulk export."""
