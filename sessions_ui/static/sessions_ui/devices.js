// What htmx leaves undone on the pages about devices: the dialog that asks who is there, where the focus goes after a part
// was replaced, saying so when a request failed, and what happened elsewhere (live.js hears of it). Without this file, or
// without htmx, the same forms work as plain ones.

// Looked up at each use: htmx may put another page into this one (the browser's "Back"), and a module runs only once.
const page = () => document.querySelector("[data-sui]");
const status = () => document.getElementById("devices-status");
const dialog = () => document.getElementById("sui-dialog");
let left = null; // where the person was when the list was replaced
let open = []; // what of it was open

const others = () => [...document.querySelectorAll("#devices .sui-card:not(.sui-card--current)")];

const heading = () => document.querySelector("#other-devices, #device-title");

function whereabouts(element) {
  const card = element?.closest(".sui-card");
  return card ? { id: card.id, index: others().indexOf(card) } : { id: "", index: -1 };
}

// The card that was acted on; where it is gone, the one in its place; else the heading above them.
function focusNear({ id, index }) {
  const rest = others();
  const card = document.getElementById(id) ?? rest[Math.min(index, rest.length - 1)];
  (card?.querySelector("summary") ?? heading())?.focus();
}

// What somebody has opened stays open when the list is replaced.
const opened = (list) => [...(list?.querySelectorAll("details[open][id]") ?? [])].map((details) => details.id);

function reopen(ids) {
  for (const id of ids) document.getElementById(id)?.setAttribute("open", "");
}

function say(text, tone) {
  const line = status();
  if (!line) return;
  line.textContent = text;
  line.toggleAttribute("data-failed", tone === "failed");
}

// What a person asked for; the proof, which comes in by itself, is nobody's act.
const ours = ({ detail }) => ["devices", "device", "sui-dialog", "security-log"].includes(detail.target?.id);

// A search, another page of a list, a question that is opened: nothing can have been changed by it.
const onlyLooks = ({ detail }) => detail.requestConfig?.verb === "get";

const LIMIT_MS = 15000; // for an answer; longer than that nobody waits without a word
const PATIENCE_MS = 500; // what is quicker needs no "Signing out…"
const AGAIN_MS = 2000; // between two looks whether the site answers again
let waiting; // the timer of that sentence
let unknown = false; // what became of an act: the page is about to load again

document.addEventListener("htmx:configRequest", (event) => {
  if (ours(event)) event.detail.timeout = LIMIT_MS;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!ours(event)) return;
  // Emptied first: the same sentence twice is announced twice.
  say("");
  const { pathInfo } = event.detail;
  const words = pathInfo?.requestPath.includes("/sign-out") ? dialog()?.dataset.signingOut : dialog()?.dataset.working;
  clearTimeout(waiting);
  waiting = setTimeout(() => say(words ?? ""), PATIENCE_MS);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!ours(event)) return;
  clearTimeout(waiting);
  const { signingOut, working } = dialog()?.dataset ?? {};
  if ([signingOut, working].includes(status()?.textContent)) say("");
});

// While it was on its way, the list that it is put in place of may have been replaced, by news or by what was pressed before.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!ours(event)) return;
  const { detail } = event;
  if (!detail.target.isConnected) detail.target = document.getElementById(detail.target.id) ?? detail.target;
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
  if (detail.shouldSwap && !dialog()?.open) left = whereabouts(detail.requestConfig.elt);
  if (detail.target !== dialog()) open = opened(detail.target);
});

document.addEventListener("htmx:afterSwap", (event) => {
  const asking = dialog();
  if (!asking || !ours(event)) return;
  if (event.detail.target !== asking) {
    asking.close();
    reopen(open);
  }
  else if (!asking.open) asking.showModal();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (!left || !ours(event) || event.detail.target === dialog()) return;
  // The search goes on where somebody types; another page of the list begins at its heading.
  const from = event.detail.requestConfig?.elt;
  if (from?.matches?.(".sui-search")) left = null;
  else if (from?.matches?.("[data-turns]")) left = { id: "", index: -1 };
  if (!left) return;
  // Whoever went elsewhere meanwhile stays there. What is in the dialog has the focus until the browser draws it closed.
  if (document.activeElement === document.body || document.activeElement?.closest("#devices, #device, dialog")) focusNear(left);
  left = null;
});

const KEY_ROTATED = 409; // by another request, maybe once this one was done

// A refusal changed nothing. Where no answer came, or that of a server in trouble, the act may have been done all the same.
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (!ours(event)) return;
    if (onlyLooks(event)) {
      say(page()?.dataset.notLoaded ?? "", "failed");
      return;
    }
    dialog()?.close();
    const code = event.detail.xhr.status;
    const refused = failure === "htmx:responseError" && code < 500 && code !== KEY_ROTATED;
    say(refused ? page()?.dataset.failed : dialog()?.dataset.unknown, "failed");
    if (!refused) loadAgain();
  });
}

async function loadAgain() {
  unknown = true;
  const answer = await fetch(location.href, { method: "HEAD", cache: "no-store", redirect: "manual" }).catch(() => null);
  if (answer && answer.status < 500) location.reload();
  else setTimeout(loadAgain, AGAIN_MS);
}

document.addEventListener("click", (event) => {
  const close = event.target.closest?.("[data-close]");
  const asking = dialog();
  if (!close || !asking?.contains(close)) return;
  event.preventDefault();
  asking.close();
});

// A password that was typed is not kept in a closed dialog. The event does not bubble.
document.addEventListener("close", ({ target }) => target === dialog() && target.replaceChildren(), true);

// Back from another way to confirm it: go on by itself; without scripts the same is a button. Whoever comes by the browser's
// own "Back" has gone on before.
const [arrival] = performance.getEntriesByType("navigation");
if (arrival?.type === "navigate") document.querySelector("form[data-carry-on]")?.requestSubmit();

// --- What happened elsewhere

// What a person would notice: which devices there are, and what ended.
const gist = (list) => [...list.querySelectorAll("[data-id], .sui-count, .sui-history li strong")].map((part) => part.dataset.id ?? part.textContent).join();

// Whoever is in the list keeps it as it is: what has the focus neither moves nor disappears.
const isBusy = (list) => list.contains(document.activeElement) || dialog()?.open || list.querySelector("details.sui-more[open], .htmx-request");

function replace(list, fresh) {
  const ids = opened(list);
  list.replaceWith(fresh);
  reopen(ids);
  window.htmx?.process(fresh);
}

// "Active now" is not so for ever: what is said of times is put right where it stands, also below somebody's hands.
function tick(list, fresh) {
  for (const line of list.querySelectorAll("[data-tick][id]")) {
    const now = fresh.querySelector(`#${CSS.escape(line.id)}`);
    if (now && now.innerHTML !== line.innerHTML) line.replaceChildren(...now.cloneNode(true).childNodes);
  }
}

function offer(fresh) {
  say(fresh.dataset.news);
  const show = document.createElement("button");
  show.type = "button";
  show.className = "sui-button";
  show.textContent = page()?.dataset.show ?? "";
  show.addEventListener("click", () => {
    replace(document.getElementById("devices"), fresh);
    say("");
    heading()?.focus();
  });
  status()?.append(" ", show);
}

async function refresh() {
  const list = document.getElementById("devices");
  if (!list || unknown) return;
  const url = new URL(list.dataset.list, location.href);
  url.search = location.search; // which page of it, and what was searched for
  url.searchParams.set("since", list.dataset.at);
  const response = await fetch(url, { redirect: "error" }).catch(() => null);
  if (!response?.ok) return; // signed out or out of reach: live.js says which
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("devices");
  if (!fresh || !list.isConnected || unknown) return; // it may have become so while the list was on its way
  const same = gist(fresh) === gist(list);
  if (isBusy(list) || ("new" in fresh.dataset && !same)) {
    tick(list, fresh);
    if (!same) offer(fresh);
    return;
  }
  replace(list, fresh);
  if (!same) say(fresh.dataset.news);
}

let soon;
document.addEventListener("sessions-ui:changed", () => {
  clearTimeout(soon); // one look for all that comes at once
  soon = setTimeout(refresh, 200);
  const proof = document.getElementById("proof");
  // `source`: what is being asked for looks busy, and not every button of the page.
  if (proof) window.htmx?.ajax("GET", proof.dataset.proof, { source: proof, target: proof, swap: "outerHTML" });
});

// Times go on while somebody looks at them; nobody looks at a page behind others.
const MINUTE = 60_000;
setInterval(() => document.visibilityState === "visible" && refresh(), MINUTE);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());

// In which zone the next page says its times (web/presence/timezone.py).
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `sessions_ui_zone=${zone}; Path=/; SameSite=Lax; Max-Age=31536000${location.protocol === "https:" ? "; Secure" : ""}`;
