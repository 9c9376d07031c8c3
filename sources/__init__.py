"""What may come in (contracts) and who sends it (companies)."""
