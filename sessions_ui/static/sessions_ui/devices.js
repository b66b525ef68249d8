// What htmx leaves undone on the devices page: the dialog that asks who is there, where the focus goes after the list
// was replaced, and saying so when a request failed. Without this file, or without htmx, the same forms work as plain ones.

const page = document.querySelector("[data-sui]");
const status = document.getElementById("devices-status");
const dialog = document.getElementById("sui-dialog");
let left = null; // where the person was when the list was replaced

const others = () => [...document.querySelectorAll("#devices .sui-card:not(.sui-card--current)")];

function whereabouts(element) {
  const card = element?.closest(".sui-card");
  return card ? { id: card.id, index: others().indexOf(card) } : { id: "", index: -1 };
}

// The card that was acted on; where it is gone, the one in its place; else the heading above them.
function focusNear({ id, index }) {
  const rest = others();
  const card = document.getElementById(id) ?? rest[Math.min(index, rest.length - 1)];
  (card?.querySelector("h3") ?? document.getElementById("other-devices"))?.focus();
}

function say(text, tone) {
  if (!status) return;
  status.textContent = text;
  status.toggleAttribute("data-failed", tone === "failed");
}

function ours(event) {
  return page?.contains(event.detail.elt) || event.detail.target?.id === "devices";
}

document.addEventListener("htmx:beforeRequest", (event) => {
  // Emptied first: the same sentence twice is announced twice.
  if (ours(event)) say("");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!ours(event)) return;
  const { detail } = event;
  if ([422, 429].includes(detail.xhr.status)) {
    // A form that was not accepted comes back with the reason on it.
    detail.shouldSwap = true;
    detail.isError = false;
  }
  // What the dialog asks for began on a card: that is where the person goes on afterwards.
  if (detail.shouldSwap && !dialog?.open) left = whereabouts(detail.requestConfig.elt);
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (!dialog) return;
  if (event.detail.target === dialog) {
    if (!dialog.open) dialog.showModal();
  } else if (dialog.open) {
    dialog.close();
  }
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (!left || event.detail.target === dialog) return;
  // Whoever went elsewhere meanwhile stays there.
  if (document.activeElement === document.body || document.activeElement?.closest("#devices")) focusNear(left);
  left = null;
});

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (!ours(event)) return;
    dialog?.close();
    say(page.dataset.failed, "failed");
  });
}

document.addEventListener("click", (event) => {
  const close = event.target.closest?.("[data-close]");
  if (!close || !dialog?.contains(close)) return;
  event.preventDefault();
  dialog.close();
});

// A password that was typed is not kept in a closed dialog.
dialog?.addEventListener("close", () => dialog.replaceChildren());

// Back from another way to confirm it: go on by itself; without scripts the same is a button.
document.querySelector("form[data-carry-on]")?.requestSubmit();
