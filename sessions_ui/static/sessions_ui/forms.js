// What forms have where scripts run: a box that shows what is typed as a password, no second sending by an impatient press,
// and no question from the browser whether a form shall be sent again. Without this file the same forms work, and the box
// is not there.

document.documentElement.classList.add("sui-scripts");

function show(form, shown) {
  for (const field of form.querySelectorAll(shown ? 'input[type="password"]' : "input[data-shown]")) {
    field.type = shown ? "text" : "password";
    field.toggleAttribute("data-shown", shown);
    field.spellcheck = false; // what is typed is not sent to whoever checks the spelling
  }
}

document.addEventListener("change", ({ target }) => {
  if (target.matches?.("[data-reveal]")) show(target.form, target.checked);
});

// Sent as a password, so that the browser knows it for one: it keeps what is typed into other fields as suggestions.
document.addEventListener(
  "submit",
  ({ target }) => {
    show(target, false);
    for (const box of target.querySelectorAll("[data-reveal]")) box.checked = false;
  },
  true,
);

// Pressed again while it is on its way, a form would be sent a second time, and the browser would throw away the answer to
// the first: with it the new key of the session (the old one is let in nowhere), and whatever the answer said of an act that
// is done. Where a file is the answer (`data-file`) the page stays, and its buttons go on. Last of all who hear of it: what
// htmx sends is not ours.
const ON_ITS_WAY_MS = 15000; // longer than that nobody presses in vain
let sentAt = new WeakMap();
window.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[data-file]")) return;
  if (performance.now() - (sentAt.get(form) ?? -ON_ITS_WAY_MS) < ON_ITS_WAY_MS) event.preventDefault();
  else sentAt.set(form, performance.now());
});
window.addEventListener("pageshow", () => (sentAt = new WeakMap())); // back again by "Back"

// A form that was not right is shown again by the answer to it. "Back" and a reload ask for that page, and send nothing.
history.replaceState(history.state, "", location.href);
