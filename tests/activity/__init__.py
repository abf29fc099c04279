"""What a person should know about records."""
