"""What runs in the test process: capture the exceptions, pickle them, know which modules are the
project's, talk to the receivers."""
