"""How a message looks: one `digest` of what happened, written as plain text, HTML, Markdown or Slack blocks."""
