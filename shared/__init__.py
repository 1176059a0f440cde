"""What every service stands on; imports no service."""
