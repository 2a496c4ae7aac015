// The chat in a frame on somebody's page: tells that page how many messages are unread, and hears whether it is in sight.
(() => {
  const chat = document.querySelector("linli-chat");
  const host = chat.getAttribute("host"); // checked by the server; empty: nobody is told anything
  const kept = {
    get: () => { try { return Number(localStorage.getItem("linli-read")) || 0; } catch { return 0; } },
    set: (id) => { try { localStorage.setItem("linli-read", String(id)); } catch { /* a browser may keep nothing for a frame */ } },
  };
  const unread = new Set();
  let newest = 0, read = kept.get();
  const tell = (type, more = {}) => { if (host && parent !== window) parent.postMessage({ linli: 1, type, ...more }, host); };
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
  tell("ready");
})();
