// <script src="https://…/static/launcher.js" data-village="lijiagou" defer></script>: a round button on anybody's page
// that opens the chat in a frame. No build step, no style sheet (a strict CSP would refuse it), no request to others.
(() => {
  const script = document.currentScript || document.querySelector('script[src*="/static/launcher.js"]');
  if (!script || customElements.get("linli-launcher")) return; // the code stands on the page twice
  const base = new URL("..", script.src).href.replace(/\/$/, "");
  const told = script.dataset;
  const CALLS = [["110", "报警"], ["12345", "政务服务"], ["12348", "法律服务"]];
  const FONT = '16px/1.6 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif';
  const SLOW_MS = 10000, DRAG_PX = 60;
  const small = matchMedia("(max-width: 480px), (max-height: 480px)");
  const kept = {
    get: (key) => { try { return localStorage.getItem("linli-launcher-" + key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem("linli-launcher-" + key, value); } catch { /* kept for this page only */ } },
  };
  const make = (tag, style, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    Object.assign(node.style, style);
    node.append(...children);
    return node;
  };
  // Black or white, whichever is read better on it (WCAG 2.2, relative luminance).
  const inkOn = (colour) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff";
  };

  class LinliLauncher extends HTMLElement {
    constructor() {
      super();
      this.side = kept.get("side") || (told.side === "left" ? "left" : "right");
      this.isOpen = false;
      this.hear = (event) => this.heard(event);
      this.fit = () => this.place();
      this.build(this.attachShadow({ mode: "open" }));
    }
    // The browser takes no attribute from a constructor, so the style comes here.
    connectedCallback() { // also after the page has moved it; the browser then loads the frame anew, the conversation goes on
      this.style.cssText = "all: initial; position: fixed; z-index: 2147483000; bottom: 0; width: 0; height: 0;";
      addEventListener("message", this.hear);
      addEventListener("resize", this.fit);
      if (this.frame) this.wait();
      this.place();
    }
    disconnectedCallback() {
      removeEventListener("message", this.hear);
      removeEventListener("resize", this.fit);
    }

    build(root) {
      this.dot = make("span", { position: "absolute", top: "0", right: "0", minWidth: "20px", height: "20px", padding: "0 4px", borderRadius: "10px", background: "#b3261e", color: "#fff", font: 'bold 13px/20px system-ui, sans-serif', textAlign: "center", boxSizing: "border-box" }, { hidden: true, ariaHidden: "true" });
      const label = (told.label || "问邻里").slice(0, 6);
      this.face = make("span", { display: "block", width: ({ 4: 2.1 }[label.length] || 3.1) + "em", margin: "auto", overflowWrap: "anywhere", font: FONT, fontSize: label.length > 4 ? "13px" : "16px", lineHeight: "1.2", fontWeight: "bold" }, { textContent: label });
      this.button = make("button", { position: "absolute", bottom: "20px", width: "60px", height: "60px", padding: "0", border: "2px solid #fff", borderRadius: "50%", boxSizing: "border-box", boxShadow: "0 3px 12px rgba(0,0,0,.35)", cursor: "pointer", touchAction: "none" }, { type: "button" }, this.face, this.dot);
      this.button.addEventListener("click", () => { if (!this.dragged) this.toggle(); this.dragged = false; });
      this.button.addEventListener("pointerdown", (e) => { this.from = e.clientX; });
      addEventListener("pointerup", (e) => this.drop(e));
      const shut = make("button", { marginLeft: "auto", minWidth: "88px", minHeight: "44px", border: "0", background: "none", color: "inherit", font: FONT, cursor: "pointer" }, { type: "button", textContent: "✕ 关上" });
      shut.addEventListener("click", () => this.toggle(false));
      this.bar = make("div", { display: "flex", alignItems: "center", flex: "none", padding: "0 4px" }, {}, shut);
      this.body = make("div", { display: "flex", flexDirection: "column", flex: "1", minHeight: "0", background: "#f4f1ea" });
      this.panel = make("div", { position: "fixed", display: "none", flexDirection: "column", overflow: "hidden", boxSizing: "border-box", background: "#f4f1ea", color: "#1f2a24", boxShadow: "0 6px 30px rgba(0,0,0,.35)" }, {}, this.bar, this.body);
      this.panel.setAttribute("role", "dialog");
      this.panel.setAttribute("aria-label", "邻里聊天窗口");
      this.panel.addEventListener("keydown", (e) => { if (e.key === "Escape") this.toggle(false); });
      root.append(this.panel, this.button);
      this.paint("#17563a");
      this.count(0);
    }
    paint(colour) {
      const own = /^#[0-9a-f]{6}$/i.test(told.colour || "") ? told.colour : colour;
      for (const part of [this.button, this.bar]) Object.assign(part.style, { background: own, color: inkOn(own) });
    }
    place() {
      const other = this.side === "right" ? "left" : "right";
      Object.assign(this.style, { [this.side]: "0", [other]: "auto" });
      Object.assign(this.button.style, { [this.side]: "20px", [other]: "auto", display: this.isOpen ? "none" : "block" });
      const whole = { inset: "0", width: "100%", height: "100%", borderRadius: "0" };
      const corner = { inset: "auto", bottom: "20px", [this.side]: "20px", width: "380px", height: "640px", maxHeight: "calc(100vh - 40px)", borderRadius: "14px" };
      Object.assign(this.panel.style, small.matches ? { ...whole, maxHeight: "none" } : corner, { display: this.isOpen ? "flex" : "none" });
      this.panel.setAttribute("aria-modal", String(small.matches));
    }
    drop(event) {
      if (this.from === undefined) return;
      const to = event.clientX < innerWidth / 2 ? "left" : "right";
      this.dragged = Math.abs(event.clientX - this.from) > DRAG_PX;
      this.from = undefined;
      if (!this.dragged || to === this.side) return;
      this.side = to;
      kept.set("side", to);
      this.place();
      setTimeout(() => { this.dragged = false; }); // the click, if one comes, was part of the drag
    }

    toggle(open = !this.isOpen) {
      this.isOpen = open;
      if (open && this.refusal) this.excuse(this.refusal);
      else if (open) { kept.set("used", "1"); this.load(); }
      this.place();
      this.tell();
      this.button.setAttribute("aria-expanded", String(open));
      if (open) (this.frame || this.panel.querySelector("button")).focus();
      else this.button.focus();
    }
    load() {
      if (this.frame) return;
      const address = new URL(base + "/");
      address.search = new URLSearchParams({ embedded: "1", host: location.origin, village: told.village || "" });
      this.frame = make("iframe", { flex: "1", width: "100%", border: "0" }, { title: "邻里聊天窗口", allow: "microphone", name: kept.get("lent") || "{}", src: address.href });
      this.body.replaceChildren(this.frame);
      this.wait();
    }
    // A frame that the page's own rules forbid, or a server that is away, says nothing.
    wait() {
      clearTimeout(this.slow);
      this.isReady = false;
      this.slow = setTimeout(() => {
        this.frame = null;
        this.excuse("聊天窗口没有打开，可能是网络不通，也可能是这个网站不让显示它。");
      }, SLOW_MS);
    }
    excuse(text) {
      const link = (name, href) => make("a", { display: "block", padding: "10px 0", color: "#17563a", font: FONT }, { textContent: name, href });
      const anew = Object.assign(link("在新窗口打开邻里", base + "/?village=" + encodeURIComponent(told.village || "")), { target: "_blank", rel: "noopener" });
      this.body.replaceChildren(make("div", { padding: "16px", overflowY: "auto" }, {}, make("p", { margin: "0 0 8px", font: FONT }, { textContent: text }), anew, ...CALLS.map(([number, name]) => link(`${number} ${name}`, "tel:" + number))));
    }

    heard(event) {
      if (!this.frame || event.source !== this.frame.contentWindow || event.origin !== new URL(base).origin) return;
      if (!event.data || event.data.linli !== 1) return;
      if (event.data.type === "ready") { clearTimeout(this.slow); this.isReady = true; this.tell(); }
      if (event.data.type === "keep") { this.frame.name = String(event.data.kept); kept.set("lent", this.frame.name); }
      if (event.data.type === "shut") this.toggle(false);
      if (event.data.type === "unread") this.count(Number(event.data.count) || 0);
    }
    tell() {
      if (this.isReady) this.frame.contentWindow.postMessage({ linli: 1, type: this.isOpen ? "shown" : "hidden" }, new URL(base).origin);
    }
    count(unread) {
      this.dot.hidden = !unread;
      this.dot.style.display = unread ? "block" : "none";
      this.dot.textContent = unread > 9 ? "9+" : String(unread);
      const name = this.face.textContent;
      this.button.setAttribute("aria-label", unread ? `${name}，有 ${unread} 条没看的消息` : `${name}，打开聊天窗口`);
    }

    async ask() {
      try {
        const found = await (await fetch(base + "/api/embedding", { credentials: "omit" })).json();
        if (found.colour) this.paint(found.colour);
        if (found.allowed === false) {
          this.refusal = found.message;
          console.warn(`邻里：${location.origin} ${found.message}`);
          this.dispatchEvent(new CustomEvent("linli-refused", { bubbles: true, composed: true, detail: found.message }));
        }
      } catch { /* the page's CSP or the network: the frame will show whether it works */ }
      if (!this.refusal && kept.get("used") === "1") this.load(); // somebody may have answered
    }
  }
  customElements.define("linli-launcher", LinliLauncher);
  const start = () => {
    const element = document.createElement("linli-launcher");
    document.body.append(element);
    element.ask();
  };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
