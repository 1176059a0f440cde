"""What comes in as mail: answers of calendars, mails that come back, what people write; and where it is fetched."""
