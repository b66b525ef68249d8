// What htmx leaves undone on the devices page: where the focus goes after the list was replaced, and saying so when
// a request failed. Without this file, or without htmx, the same forms work as plain ones.

const page = document.querySelector("[data-sui]");
const status = document.getElementById("devices-status");
let left = null; // where the person was when the list was replaced

const others = () => [...document.querySelectorAll("#devices .sui-card:not(.sui-card--current)")];

function whereabouts(element) {
  const card = element.closest(".sui-card");
  return card && { id: card.id, index: others().indexOf(card) };
}

// The card that was acted on; where it is gone, the one in its place; else the heading above them.
function focusNear({ id, index }) {
  const rest = others();
  const card = document.getElementById(id) ?? rest[Math.min(index, rest.length - 1)];
  (card?.querySelector("h3") ?? document.getElementById("other-devices"))?.focus();
}

function say(text, tone) {
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
  if (detail.xhr.status === 422) {
    // A form that was not accepted comes back as the list with the reason on it.
    detail.shouldSwap = true;
    detail.isError = false;
  }
  if (detail.shouldSwap) left = whereabouts(detail.requestConfig.elt) ?? { id: "", index: -1 };
});

document.addEventListener("htmx:afterSettle", () => {
  if (!left) return;
  // Whoever went elsewhere meanwhile stays there.
  if (document.activeElement === document.body || document.activeElement?.closest("#devices")) focusNear(left);
  left = null;
});

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (ours(event)) say(page.dataset.failed, "failed");
  });
}
