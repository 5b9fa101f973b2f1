"""Buttons that copy a text to the clipboard: the one script of our pages, allowed by its digest alone."""

from __future__ import annotations

import base64
import hashlib

from markupsafe import Markup

SCRIPT = Markup(
    """
for (const button of document.querySelectorAll("button.copy")) {
  const text = document.getElementById(button.dataset.from);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      getSelection().selectAllChildren(text);
      document.execCommand("copy");
    }
    button.nextElementSibling.textContent = button.dataset.done;
  });
}
"""
)
"""Without it the buttons stay hidden; a click on a citation selects all of it."""

POLICY = f"script-src 'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"
"""The directive for pages that have the script."""
