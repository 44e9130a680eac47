"""The specification of the rule language: tables of facts in, truth out."""
