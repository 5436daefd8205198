"""How a message looks: laid out once (`digest`, of `parts`), written as plain text, HTML, Markdown or Slack blocks."""
