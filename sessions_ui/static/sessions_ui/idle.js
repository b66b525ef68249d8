// `{% sessions_ui_idle %}`: warns before the idle timeout signs somebody out, and stays signed in at one click.

const dialog = document.getElementById("sui-idle");
const { ask, stay, warn } = dialog.dataset;
let timer;

// `seconds`: until the end, null where there is none.
function plan(seconds) {
  clearTimeout(timer);
  if (seconds !== null) timer = setTimeout(look, Math.max(seconds - Number(warn), 0) * 1000);
}

async function request(url, options) {
  const response = await fetch(url, { redirect: "error", cache: "no-store", ...options }).catch(() => null);
  return response?.ok ? (await response.json()).seconds : undefined;
}

// Another tab may have been used meanwhile: the server knows.
async function look() {
  const seconds = await request(ask);
  if (seconds === undefined || seconds === null) return;
  if (seconds > Number(warn)) {
    if (dialog.open) dialog.close();
    plan(seconds);
  } else {
    if (!dialog.open) dialog.showModal();
    clearTimeout(timer);
    timer = setTimeout(look, 5000); // until it is over, or somebody stayed in another tab
  }
}

dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const seconds = await request(stay, { method: "POST", body: new FormData(event.target) });
  if (seconds === undefined) return;
  dialog.close();
  plan(seconds);
});

plan(Number(dialog.dataset.seconds));
// A computer that slept wakes with timers that are late.
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
