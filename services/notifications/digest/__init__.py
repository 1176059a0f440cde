"""The organizer's digest: what it knows, when it comes, and the writing of one."""
