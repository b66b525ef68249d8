// An open page notices that its person is no longer signed in, and shows nothing of theirs any more.
//
// `{% sessions_ui_live %}` puts this module into a page; docs/live.md says what a host project can do with it. A browser
// has one stream, whatever the number of its tabs (it opens six connections to a site over HTTP/1.1, so six streams
// would hang it): one tab leads and passes on what it hears. What the stream says is a hint: the server is asked before
// anything is cleared. Where there is no stream, the leading tab asks every so often.

const { alive, mark, stream, signIn, next, ended, again, reconnecting, clear, poll } =
  document.querySelector("script[data-sui-live]").dataset;
const POLL_MS = Math.max(1, Number(poll)) * 1000;
const BACKOFF_MS = [1000, 2000, 5000, 10000, 30000];
const ASK_MS = 10000;
const READING_MS = 3000; // "You were signed out" stays for so long before the sign-in page comes

const channel = new BroadcastChannel("sessions-ui");
let leading = null; // while this tab leads: an AbortController that ends it
let hurry = () => {}; // ends the pause of the leading tab
let heardAt = Date.now(); // from the server, or from the tab that leads
let linked = true;
let asleep = false; // in the browser's back/forward cache
let veiled = false; // hidden until the server has said that it may be seen
let gone = false; // the page was emptied; nothing brings it back

const tell = (what) => channel.postMessage({ what, mark });
const announce = (what, detail) => document.dispatchEvent(new CustomEvent(`sessions-ui:${what}`, { detail }));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// --- Asking

// "alive", "ended" or "other"; undefined where the server cannot be reached.
async function ask() {
  const url = new URL(alive, location.href);
  url.searchParams.set("page", mark);
  try {
    const response = await fetch(url, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(ASK_MS) });
    const { state } = response.ok ? await response.json() : {};
    if (state !== "late") return ["alive", "ended", "other"].includes(state) ? state : undefined;
  } catch {
    return undefined;
  }
  await pause(1000); // the key was replaced a moment ago: by now the browser has the new one
  return ask();
}

// Asks and draws the consequences; returns whether the server answered.
async function check() {
  const state = await ask();
  if (gone) return true;
  link(state !== undefined);
  if (state === undefined) return false;
  heardAt = Date.now();
  if (state === "alive" && !asleep) veil(false);
  if (state === "ended") {
    tell("ended");
    leave();
  }
  if (state === "other") {
    // Somebody else is signed in here by now, who may be welcome at this address. Without a fragment: it is loaded anew.
    tell("ask");
    empty();
    location.replace(location.pathname + location.search);
  }
  return true;
}

// --- What the page shows

function veil(on) {
  if (veiled !== on) document.documentElement.hidden = on;
  veiled = on;
}

function link(state) {
  if (state === linked) return;
  linked = state;
  if (leading) tell(state ? "back" : "lost");
  for (const place of document.querySelectorAll("[data-sui-link]")) place.textContent = state ? "" : reconnecting;
  announce("link", { state: state ? "back" : "lost" });
}

// Nothing private stays: neither in the page nor in what the host named in `clear`.
function empty() {
  gone = true;
  leading?.abort();
  channel.close();
  announce("ended");
  for (const name of clear.split(" ").filter(Boolean)) {
    const matches = name.endsWith("*") ? (key) => key.startsWith(name.slice(0, -1)) : (key) => key === name;
    for (const key of Object.keys(sessionStorage).filter(matches)) sessionStorage.removeItem(key);
  }
  document.title = ended;
  document.body = document.createElement("body"); // a new one: the old one may carry attributes of the host
  veil(false);
}

function leave() {
  if (gone) return;
  empty();
  const url = new URL(signIn, location.href);
  url.searchParams.set(next, location.pathname + location.search);
  url.search = url.search.replaceAll("%2F", "/"); // as Django writes it
  const main = document.createElement("main");
  main.className = "sui-ended";
  const heading = main.appendChild(document.createElement("h1"));
  heading.textContent = ended;
  heading.tabIndex = -1;
  const way = main.appendChild(document.createElement("p")).appendChild(document.createElement("a"));
  way.textContent = again;
  way.href = url;
  document.body.append(main);
  heading.focus(); // a screen reader reads it
  // A tab in the background keeps the sentence until somebody looks at it.
  const go = () => setTimeout(() => location.replace(url), READING_MS);
  if (document.visibilityState === "visible") go();
  else document.addEventListener("visibilitychange", go, { once: true });
}

function changed() {
  tell("changed");
  announce("changed");
}

// --- Leading

// One stream until it is over, for whatever reason; returns whether it had been opened.
function listen(signal, reopened) {
  return new Promise((resolve) => {
    const source = new EventSource(stream);
    let opened = false;
    const over = () => {
      source.close();
      resolve(opened);
    };
    source.addEventListener("open", () => {
      opened = true;
      heardAt = Date.now();
      link(true);
      if (reopened) changed(); // whatever was missed in between
    });
    source.addEventListener("changed", changed);
    for (const end of ["ended", "error"]) source.addEventListener(end, over);
    signal.addEventListener("abort", over);
  });
}

async function lead() {
  const { signal } = (leading = new AbortController());
  const here = setInterval(() => linked && tell("here"), POLL_MS);
  signal.addEventListener("abort", () => hurry());
  let [reopened, failures] = [false, 0];
  while (!signal.aborted) {
    const opened = Boolean(stream) && (await listen(signal, reopened));
    if (signal.aborted) break;
    const reached = await check();
    reopened ||= opened;
    failures = opened && reached ? 0 : failures + 1;
    const backoff = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)];
    // After a restart of the server not all browsers come back in the same moment.
    const wait = stream ? backoff * (0.5 + Math.random() / 2) : POLL_MS;
    await new Promise((resolve) => {
      hurry = resolve;
      setTimeout(resolve, reached ? wait : Math.min(wait, backoff));
      if (signal.aborted) resolve();
    });
  }
  clearInterval(here);
  leading = null;
}

// Locks exist in secure contexts only. Without them each tab asks for itself, without a stream.
function compete() {
  if (navigator.locks) navigator.locks.request("sessions-ui", () => (gone || asleep ? undefined : lead()));
}

// --- Being told, coming back

channel.addEventListener("message", ({ data }) => {
  if (gone) return;
  heardAt = Date.now();
  if (data.what === "ended" && data.mark === mark) leave(); // the tab that leads has asked
  else if (data.what === "ended" || data.what === "ask") check();
  else if (data.what === "changed") announce("changed");
  else if (data.what === "lost" || data.what === "back") link(data.what === "back");
});

// The tab that leads may be frozen, this computer may have slept, and a connection may be dead without a sign.
function look() {
  if (gone || asleep || document.visibilityState !== "visible") return;
  const patience = navigator.locks ? 3 * POLL_MS : POLL_MS;
  if (!linked || Date.now() - heardAt >= patience) check();
}
setInterval(look, POLL_MS);
for (const [target, event] of [[document, "visibilitychange"], [window, "online"]]) {
  target.addEventListener(event, () => {
    hurry();
    look();
  });
}

// Kept for the back button, a page comes back only when the server has said that it may.
window.addEventListener("pagehide", ({ persisted }) => {
  if (!persisted || gone) return;
  asleep = true;
  veil(true);
  leading?.abort();
});
window.addEventListener("pageshow", async ({ persisted }) => {
  if (!persisted || gone) return;
  asleep = false;
  veil(true);
  compete();
  while (!(await check())) await pause(BACKOFF_MS[0]);
});

compete();
