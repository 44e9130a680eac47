"""Django's PostgreSQL, by connections that give a silent server up."""
