"""What each type of event adds to the state, by what the event is about."""
