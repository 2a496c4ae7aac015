// <linli-chat server="" village="lijiagou">: the assistant as one element. No build step, no third-party request.
(() => {
  const SIZES = ["1rem", "1.2rem", "1.45rem", "1.75rem"];
  const el = (tag, props = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(props)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "ariaLabel") node.setAttribute("aria-label", value);
      else if (key in node && key !== "role") node[key] = value;
      else node.setAttribute(key, value);
    }
    node.append(...children.filter((c) => c !== null && c !== undefined));
    return node;
  };
  const safe = (href) => (/^(https?:|tel:|\/)/.test(href || "") ? href : "#");
  const store = {
    get: (key) => { try { return localStorage.getItem("linli-" + key); } catch { return null; } },
    set: (key, value) => { try { value === null ? localStorage.removeItem("linli-" + key) : localStorage.setItem("linli-" + key, value); } catch { /* private mode */ } },
  };
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

  class LinliChat extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      this.server = (this.getAttribute("server") || "").replace(/\/$/, "");
      this.embedded = this.server !== "" && new URL(this.server, location.href).origin !== location.origin;
      this.seen = new Set();
      this.last = 0;
      this.waiting = 0;
      root.append(el("link", { rel: "stylesheet", href: this.server + "/static/widget.css" }));
      this.build(root);
      this.resize(Number(store.get("size") || 0));
      if (store.get("contrast") === "1") this.setAttribute("contrast", "");
      this.open();
      this.timer = setInterval(() => this.poll(), 2500);
      document.addEventListener("visibilitychange", () => this.poll(true));
    }
    disconnectedCallback() { clearInterval(this.timer); }

    build(root) {
      this.log = el("div", { className: "log", role: "log", tabIndex: 0, ariaLabel: "对话内容" });
      this.log.setAttribute("aria-live", "polite");
      this.banner = el("div", { className: "banner", hidden: true, role: "status" });
      this.who = el("div", { className: "who", hidden: true, role: "status" });
      this.typing = el("div", { className: "meta typing", hidden: true, role: "status", textContent: "正在查，请稍等……" });
      this.chips = el("div", { className: "bar", role: "group", ariaLabel: "可以这样问" });
      this.input = el("textarea", { id: "say", maxLength: 2000, rows: 2, placeholder: "想问什么，直接写", ariaLabel: "写下您的问题" });
      this.input.addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); this.form.requestSubmit(); } });
      this.form = el("form", { onsubmit: (e) => { e.preventDefault(); const text = this.input.value.trim(); if (text) { this.input.value = ""; this.say(text, null); } } },
        this.input, this.voiceButton(), this.photoButton(), el("button", { className: "main", type: "submit", textContent: "发送" }));
      let told = 0;
      this.input.addEventListener("input", () => { if (this.status === "open" && Date.now() - told > 3000) { told = Date.now(); this.call("POST", "/typing").catch(() => {}); } });
      this.village = el("select", { ariaLabel: "您是哪个村的", onchange: () => this.setVillage(this.village.value) });
      this.contrastButton = el("button", { type: "button", textContent: "高对比", onclick: () => { const on = this.toggleAttribute("contrast"); store.set("contrast", on ? "1" : "0"); this.contrastButton.setAttribute("aria-pressed", on); } });
      const menu = el("details", {}, el("summary", { textContent: "设置" }),
        el("div", { className: "bar", role: "group", ariaLabel: "字号" }, ...["标准", "大", "特大", "最大"].map((name, i) => el("button", { type: "button", textContent: "字号" + name, onclick: () => this.resize(i) }))),
        el("div", { className: "bar" }, this.contrastButton, el("label", { className: "bar" }, "村：", this.village)),
        el("div", { className: "bar" }, el("a", { href: this.server + "/privacy", textContent: "隐私说明" }), el("button", { type: "button", textContent: "删除这段对话", onclick: () => this.forget() })));
      this.notice = el("div", { className: "notice", hidden: true });
      root.append(menu, this.who, this.banner, this.notice, this.log, this.typing, this.chips, this.form);
    }
    voiceButton() {
      const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
      if (!Recognition) return null;
      return el("button", { type: "button", textContent: "说话", onclick: () => {
        if (!store.get("voice") && !confirm("把声音变成字的是您的浏览器或手机，声音可能会传到它们的公司。可以用吗？")) return;
        store.set("voice", "1");
        const heard = new Recognition();
        heard.lang = "zh-CN";
        heard.onresult = (e) => { this.input.value += e.results[0][0].transcript; this.input.focus(); };
        heard.onerror = () => this.say_banner("没听清，请打字。");
        heard.start();
      } });
    }
    photoButton() {
      const picker = el("input", { type: "file", accept: "image/jpeg,image/png,image/webp", multiple: true, hidden: true, ariaLabel: "选照片" });
      picker.addEventListener("change", async () => {
        for (const file of [...picker.files].slice(0, 6)) {
          this.say_banner("正在发照片……");
          const body = new FormData();
          body.append("photo", file);
          try {
            const response = await fetch(this.server + "/api/widget/photos", { method: "POST", body, credentials: "same-origin", headers: this.embedded && this.token ? { authorization: "Bearer " + this.token } : {} });
            const data = await response.json().catch(() => ({}));
            if (!response.ok) throw new Error((data.error && data.error.message) || "照片没发出去，请再试。");
            this.say_banner(null);
          } catch (error) { this.say_banner(error.message || "照片没发出去，请再试。"); break; }
        }
        picker.value = "";
        this.poll(true);
      });
      return el("span", {}, picker, el("button", { type: "button", textContent: "照片", onclick: () => picker.click() }));
    }
    say_banner(text) { this.banner.textContent = text || ""; this.banner.hidden = !text; }
    resize(i) { this.style.setProperty("--size", SIZES[i] || SIZES[0]); store.set("size", String(i)); }

    async call(method, path, body) {
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      if (this.embedded && this.token) headers.authorization = "Bearer " + this.token;
      const response = await fetch(this.server + "/api/widget" + path, { method, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) });
      const data = response.status === 204 ? {} : await response.json().catch(() => ({}));
      if (!response.ok) throw Object.assign(new Error((data.error && data.error.message) || "出错了，请稍后再试。"), { status: response.status, guidance: data.guidance });
      return data;
    }

    async open() {
      this.token = this.embedded ? store.get("token") : null;
      try {
        const held = await this.call("GET", "/conversations/current");
        this.begin(held);
        held.messages.forEach((m) => this.next(m));
      } catch (error) {
        if (error.status !== 404) { this.say_banner("连不上服务器，正在重试。急事请拨打 12345；危险时拨打 110。"); setTimeout(() => this.open(), 4000); return; }
        try {
          const started = await this.call("POST", "/conversations", { village: this.getAttribute("village") || null, embedded: this.embedded });
          if (started.token) { this.token = started.token; store.set("token", started.token); }
          this.begin(started);
          this.askConsent(started.notice);
        } catch (failed) { this.say_banner(failed.status ? failed.message : "连不上服务器，正在重试。急事请拨打 12345；危险时拨打 110。"); setTimeout(() => this.open(), 4000); }
      }
      this.resend();
    }
    begin(session) {
      this.say_banner(null);
      this.held(session.status, session.agent);
      this.village.replaceChildren(el("option", { value: "", textContent: "没选" }), ...session.places.map((p) => el("option", { value: p.id, textContent: p.name })));
      this.village.value = session.village || "";
      this.log.replaceChildren(el("div", { className: "message bot" }, el("p", { textContent: session.greeting })));
      this.chips.replaceChildren(...session.suggestions.map((s) => el("button", { type: "button", textContent: s, onclick: () => this.say(s, null) })));
    }
    held(status, agent) {
      this.status = status;
      this.agent = agent;
      this.who.textContent = status === "open" ? `现在跟您说话的是：工作人员${agent || ""}` : status === "waiting" ? "已转给工作人员，正在排队" : "";
      this.who.hidden = status === "bot";
    }
    askConsent(text) {
      this.form.hidden = this.chips.hidden = this.log.hidden = true;
      const ok = el("button", { className: "main", type: "button", textContent: "我知道了，开始", onclick: () => { this.notice.hidden = true; this.form.hidden = this.chips.hidden = this.log.hidden = false; this.input.focus(); } });
      this.notice.replaceChildren(el("p", { textContent: text }), ok);
      this.notice.hidden = false;
    }

    say(text, payload) {
      const item = { client_id: newId(), text, payload };
      const queue = JSON.parse(store.get("queue") || "[]");
      store.set("queue", JSON.stringify([...queue, item]));
      this.pending(item);
      this.send(item, 0);
    }
    pending(item) {
      this.chips.hidden = true;
      const node = el("div", { className: "message resident" }, el("p", { textContent: item.text }), el("p", { className: "meta", textContent: "正在发送……" }));
      node.dataset.client = item.client_id;
      this.log.append(node);
      this.log.scrollTop = this.log.scrollHeight;
    }
    done(client) { store.set("queue", JSON.stringify(JSON.parse(store.get("queue") || "[]").filter((q) => q.client_id !== client))); }
    resend() { for (const item of JSON.parse(store.get("queue") || "[]")) { if (!this.find(item.client_id)) this.pending(item); this.send(item, 0); } }
    find(client) { return [...this.log.children].find((n) => n.dataset.client === client); }

    async send(item, tries) {
      this.waiting++;
      this.typing.textContent = "正在查，请稍等……";
      this.typing.hidden = this.status !== "bot";
      try {
        const found = await this.call("POST", "/messages", item);
        this.done(item.client_id);
        this.say_banner(null);
        this.show(found.message, item.text);
        found.replies.forEach((m) => this.show(m));
        this.held(found.status, this.agent);
        this.unanswered = found.pending && found.status === "bot";
      } catch (error) {
        const mark = this.find(item.client_id);
        const meta = mark && mark.querySelector(".meta");
        if (error.guidance) this.show({ ...error.guidance, id: "urgent " + item.client_id, sender: "bot", at: Date.now() });
        if (error.status && error.status !== 503 && error.status !== 429) { this.done(item.client_id); if (meta) meta.textContent = "没有发出：" + error.message; }
        else { if (meta) meta.textContent = (error.status ? error.message : "网络不通。") + "正在重试……"; setTimeout(() => this.send(item, tries + 1), Math.min(30000, 2000 * 2 ** tries)); }
      } finally {
        this.waiting--;
        this.typing.hidden = this.waiting <= 0;
      }
    }
    async poll(now) {
      if (document.hidden || !this.status || this.waiting > 0) return;
      this.ticks = (this.ticks || 0) + 1;
      if (!now && this.status === "bot" && !this.unanswered && this.ticks % 4) return;
      try {
        const found = await this.call("GET", "/messages?seen=1&after=" + this.last);
        found.messages.forEach((m) => this.next(m));
        this.held(found.status, found.agent);
        if (this.waiting <= 0) { this.typing.textContent = found.typing ? `${found.agent || "工作人员"}正在写……` : "正在查，请稍等……"; this.typing.hidden = !found.typing; }
        if (found.degraded || this.degraded) this.say_banner(found.degraded);
        this.degraded = found.degraded;
      } catch (error) { if (error.status === 404) this.open(); }
    }

    // Only what came in order moves the mark: between a question and its answer somebody else may have written.
    next(m) { this.show(m); this.last = Math.max(this.last, m.id); }
    show(m, shown) {
      if (this.seen.has(m.id)) return;
      this.seen.add(m.id);
      if (m.sender === "bot") this.unanswered = false;
      const node = el("div", { className: `message ${m.sender} ${m.kind}` });
      if (m.kind === "emergency") node.setAttribute("role", "alert");
      const who = { resident: "我", bot: "邻里", agent: "工作人员" + (m.agent || ""), system: "提示" }[m.sender];
      const at = new Date(m.at).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit" });
      node.append(el("p", { textContent: shown || m.text }));
      if (m.next) node.append(el("p", { className: "next" }, el("strong", { textContent: "接下来怎么办：" }), m.next));
      if (m.links.length) node.append(el("p", { className: "links" }, ...m.links.map((l) => el("a", { href: safe((l.href || "").startsWith("/") ? this.server + l.href : l.href), textContent: l.label }))));
      m.citations.forEach((c) => node.append(this.card(c)));
      if (m.buttons.length) node.append(el("div", { className: "bar" }, ...m.buttons.map((b) => el("button", { type: "button", textContent: b.title, onclick: () => this.say(b.title, b.payload) }))));
      if (m.can_rate) node.append(this.rating(m));
      node.append(el("p", { className: "meta", textContent: `${who} ${at}` }));
      const waiting = m.client_id && this.find(m.client_id);
      if (waiting) waiting.replaceWith(node); else this.log.append(node);
      if (m.client_id) node.dataset.client = m.client_id;
      node.scrollIntoView({ block: "nearest" });
    }
    card(c) {
      const since = c.in_force_from ? `${c.in_force_from} ${["案例", "问答"].includes(c.kind_label) ? "收录" : "起施行"}` : "";
      const period = since + (c.in_force_to ? `，到 ${c.in_force_to} 为止` : "");
      return el("details", {}, el("summary", {}, el("span", { className: "tag", textContent: c.kind_label }), `${c.number}. ${c.title}${c.article ? " " + c.article : ""}`),
        el("p", { className: "meta", textContent: period }), c.note ? el("p", { className: "note", textContent: c.note }) : null, el("p", { textContent: c.text }));
    }
    rating(m) {
      const bar = el("div", { className: "bar", role: "group", ariaLabel: "这个回答有用吗" });
      for (const [value, name] of [["up", "有用"], ["down", "没用"]]) {
        const button = el("button", { type: "button", textContent: name, onclick: async () => {
          try { await this.call("POST", `/messages/${m.id}/rating`, { value }); [...bar.querySelectorAll("[aria-pressed]")].forEach((b) => b.setAttribute("aria-pressed", String(b === button))); } catch (error) { this.say_banner(error.message); }
        } });
        button.setAttribute("aria-pressed", String(m.rating === value));
        bar.append(button);
      }
      bar.append(el("button", { type: "button", textContent: "没看懂", onclick: () => this.say("没看懂", null) }));
      if ("speechSynthesis" in window) bar.append(el("button", { type: "button", textContent: "读出来", onclick: () => { speechSynthesis.cancel(); const said = new SpeechSynthesisUtterance(m.text + "。" + (m.next || "")); said.lang = "zh-CN"; speechSynthesis.speak(said); } }));
      return bar;
    }
    async setVillage(village) { if (village) try { await this.call("PUT", "/village", { village }); } catch (error) { this.say_banner(error.message); } }
    async forget() {
      if (!confirm("删掉后就找不回来了。已经登记的事、约好的时间还在，但进度不能再从这里告诉您，请先记下编号。确定删除这段对话吗？")) return;
      try { await this.call("DELETE", "/conversations/current"); } catch (error) { if (error.status !== 404) { this.say_banner(error.message); return; } }
      store.set("token", null); store.set("queue", null); this.seen.clear(); this.last = 0; this.open();
    }
  }
  customElements.define("linli-chat", LinliChat);
})();
