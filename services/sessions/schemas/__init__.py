"""What the JSON API takes and answers, by what it is about. Whether content is taken is decided by the nouns."""
