"""Mail: written once (kinds, letter, compose), kept in a ledger (ledger), handed to the relay (smtp, sending)."""
