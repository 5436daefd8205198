"""What changes of prices do to a bill: usage rows, priced as it was published before and after."""
