"""Chat: channels that hear what happens in the program. A copy: whoever reads only their mail misses nothing.

    channels   where messages go: addresses (secret), what each wants, off and on
    telling    which events make which message; the ledger's beginning
    posting    taking what is due to the chats' servers, one a second to each
    webhook    one request to a webhook, to public addresses only
    services   chats that have no webhook of that kind, through apprise, where it is installed
    held       what a person says of messages that nobody knows the end of
    invites    the link by which people get in, before it runs out

Messages name nobody: who is in a circle is not for the whole program to read.
"""
