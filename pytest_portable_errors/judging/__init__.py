"""What a trip means for a test: verdicts, and the policies that decide when it fails."""
