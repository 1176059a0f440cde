"""The letter that a member who asked for it gets once a month: what their stream did, and what is next for them."""
