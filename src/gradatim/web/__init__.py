"""The web application: one place where the trial is run. Rules stay below."""
