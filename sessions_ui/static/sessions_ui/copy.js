// A button that copies a value. Without this file, or where the browser lets no page copy, the value is text that can be
// selected.

// Of a list each item is a line. The gaps in a key are drawn, and not in its text.
function textOf(source) {
  if (source.value !== undefined) return source.value;
  const parts = source.matches("ul, ol") ? [...source.children] : [source];
  return parts.map((part) => part.textContent.trim()).join("\n");
}

const select = (source) => (source.select ? source.select() : getSelection().selectAllChildren(source));

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const status = document.getElementById("copied");
  source.addEventListener("focus", () => source.select?.());
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    status.textContent = ""; // the same word twice is announced twice
    select(source);
    await navigator.clipboard.writeText(textOf(source));
    status.textContent = button.dataset.copied;
  });
}
