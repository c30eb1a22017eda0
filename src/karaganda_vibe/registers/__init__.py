"""Tables from registers of moves."""
