"""AsyncFlow: messages that take their time and sometimes fail, for people who learn to integrate."""
