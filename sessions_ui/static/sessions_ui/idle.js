// `{% sessions_ui_idle %}`: warns before the idle timeout signs somebody out, and stays signed in at one click.

// Looked up at each use: htmx may put another page into this one (the browser's "Back"), and a module runs only once.
const dialog = () => document.getElementById("sui-idle");
const { ask, stay, warn, seconds } = dialog().dataset;
let timer;

// `left`: seconds until the end, null where there is none.
function plan(left) {
  clearTimeout(timer);
  if (left !== null) timer = setTimeout(look, Math.max(left - Number(warn), 0) * 1000);
}

async function request(url, options) {
  const response = await fetch(url, { redirect: "error", cache: "no-store", ...options }).catch(() => null);
  return response?.ok ? (await response.json()).seconds : undefined;
}

// Another tab may have been used meanwhile: the server knows.
async function look() {
  const left = await request(ask);
  const warning = dialog();
  if (left === undefined || left === null || !warning) return;
  if (left > Number(warn)) {
    if (warning.open) warning.close();
    plan(left);
  } else {
    if (!warning.open) warning.showModal();
    clearTimeout(timer);
    timer = setTimeout(look, 5000); // until it is over, or somebody stayed in another tab
  }
}

document.addEventListener("submit", async (event) => {
  if (!dialog()?.contains(event.target)) return;
  event.preventDefault();
  const left = await request(stay, { method: "POST", body: new FormData(event.target) });
  if (left === undefined) return;
  dialog()?.close();
  plan(left);
});

plan(Number(seconds));
// A computer that slept wakes with timers that are late.
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
