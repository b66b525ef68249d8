// A button that copies a value. Without this file, or where the browser lets no page copy, the value is text that can be
// selected.

// Of a list each item is a line. The gaps in a key are drawn, and not in its text.
function textOf(source) {
  if (source.value !== undefined) return source.value;
  const parts = source.matches("ul, ol") ? [...source.children] : [source];
  return parts.map((part) => part.textContent.trim()).join("\n");
}

const select = (source) => (source.select ? source.select() : getSelection().selectAllChildren(source));

const buttonOf = (source) => source.id && document.querySelector(`[data-copy="${CSS.escape(source.id)}"]`);

// Also of a page that htmx puts into this one (the browser's "Back"): a module runs only once.
function offer() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}
offer();
for (const event of ["htmx:afterSwap", "htmx:historyRestore"]) document.addEventListener(event, offer);

document.addEventListener("focusin", ({ target }) => buttonOf(target) && target.select?.());

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const status = document.getElementById("copied");
  status.textContent = ""; // the same word twice is announced twice
  select(source);
  await navigator.clipboard.writeText(textOf(source));
  status.textContent = button.dataset.copied;
});
