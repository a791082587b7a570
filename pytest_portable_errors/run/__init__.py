"""What talks to pytest: options, markers, fixtures, what tests raise, and their reports."""
