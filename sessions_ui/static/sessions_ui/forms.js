// What forms have where scripts run: a box that shows what is typed as a password, and no question from the browser whether
// a form shall be sent again. Without this file the same forms work, and the box is not there.

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

// A form that was not right is shown again by the answer to it. "Back" and a reload ask for that page, and send nothing.
history.replaceState(history.state, "", location.href);
