"""Pages of ours in a real browser. Deselected unless asked for (`make browser-test`): they need Chromium."""
