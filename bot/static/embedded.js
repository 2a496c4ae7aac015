// The chat in a frame on somebody's page: tells that page how many messages are unread, and hears whether it is in sight.
(() => {
  const chat = document.querySelector("linli-chat");
  const host = chat.getAttribute("host"); // checked by the server; empty: nobody is told anything
  const tell = (type, more = {}) => { if (host && parent !== window) parent.postMessage({ linli: 1, type, ...more }, host); };
  // Where the browser keeps nothing for a frame of another site, the page around keeps it: it gave what it had in the
  // frame's name. Without this every page view there would begin a new conversation.
  const lend = () => {
    let lent = {};
    try { lent = JSON.parse(window.name || "{}"); } catch { /* somebody else's name */ }
    const change = (key, value) => { if (value === null) delete lent[key]; else lent[key] = String(value); tell("keep", { kept: JSON.stringify(lent) }); };
    const storage = { getItem: (key) => lent[key] ?? null, setItem: change, removeItem: (key) => change(key, null) };
    Object.defineProperty(window, "localStorage", { configurable: true, value: storage });
  };
  try { localStorage.getItem("linli-read"); } catch { lend(); }
  const kept = {
    get: () => { try { return Number(localStorage.getItem("linli-read")) || 0; } catch { return 0; } },
    set: (id) => { try { localStorage.setItem("linli-read", String(id)); } catch { /* full */ } },
  };
  const unread = new Set();
  let newest = 0, read = kept.get();
  const inSight = (shown) => {
    chat.covered = !shown;
    if (!shown) return;
    read = Math.max(read, newest);
    kept.set(read);
    unread.clear();
    tell("unread", { count: 0 });
    if (chat.poll) chat.poll(true);
  };
  chat.covered = Boolean(host) && parent !== window; // until the page around says that it is open
  chat.addEventListener("linli-message", ({ detail: m }) => {
    if (typeof m.id !== "number") return;
    newest = Math.max(newest, m.id);
    if (!chat.covered) { read = newest; kept.set(read); return; }
    if (m.id <= read || m.sender === "resident") return;
    unread.add(m.id);
    tell("unread", { count: unread.size });
  });
  addEventListener("message", (event) => {
    if (event.source !== parent || event.origin !== host || !event.data || event.data.linli !== 1) return;
    if (event.data.type === "shown" || event.data.type === "hidden") inSight(event.data.type === "shown");
  });
  // Our other pages may not stand in a frame, so a link opens beside it.
  document.addEventListener("click", (event) => {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (link && /^https?:/.test(link.protocol)) { link.target = "_blank"; link.rel = "noopener"; }
  }, true);
  // Before the chat hears it: Escape closes its sheet first, and then the frame.
  addEventListener("keydown", (event) => { if (event.key === "Escape" && chat.sheets.every(([sheet]) => sheet.hidden)) tell("shut"); }, true);
  tell("ready");
})();
