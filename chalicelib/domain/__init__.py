"""Plain data and rules: no I/O, no clock, no framework. Times are epoch milliseconds unless a name says otherwise."""
