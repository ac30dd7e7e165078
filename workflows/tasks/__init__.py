"""What staff do with the work offered to them: find it, take it, draft, complete, pass it on."""
