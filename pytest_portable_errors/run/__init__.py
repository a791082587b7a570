"""What talks to pytest: options, markers and fixtures, what tests raise, and the reports."""
