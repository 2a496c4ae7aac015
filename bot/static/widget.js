// <linli-chat server="" village="lijiagou">: the assistant as one element, without a build step.
(() => {
  const SIZES = [1.125, 1.3, 1.55, 1.85]; // times the reader's own size
  const SIZE_NAMES = ["标准", "大", "特大", "最大"];
  const CALLS = [["110", "报警"], ["120", "急救"], ["119", "火警"], ["12345", "政务服务"], ["12348", "法律服务"]];
  const TILES = [
    ["问法律", "我有个法律问题想问", "M12 4v16M7 20h10M5 7h14M5 7l-3 7h6zM19 7l-3 7h6z"], ["查村规", "我们村有哪些村规民约", "M12 6c-3-2-6-2-9-1v14c3-1 6-1 9 1 3-2 6-2 9-1V5c-3-1-6-1-9 1zM12 6v14"],
    ["办事要带什么", "低保怎么申请", "M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5"], ["报一件事", "我要反映问题", "M4 10v5h3l7 4V6l-7 4zM18 9c1.5 2 1.5 5 0 7M8 15v5h3"],
    ["约律师", "想约律师", "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5M9 15l2 2 4-4"], ["找真人", "转人工", "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-5 4-7 8-7s8 2 8 7"]];
  const AWAY = "连不上服务器，正在重试。急事请拨打 12345；危险时拨打 110。";
  const WRONG = [["other", "说的不是我这件事"], ["vague", "没说清怎么办"], ["doubted", "跟我听说的不一样"]];
  const MORE = [["报一件事", "我要反映问题"], ["约律师", "想约律师"], ["找真人", "转人工"]];
  const TOLD = new Set(["answer", "asking", "abstention", "deadline", "legal_aid"]);
  const LONGEST_SIDE = 2000, SILENT_MS = 40000, SHORT = 24; // of a title
  const el = (tag, props = {}, ...children) => {
    const node = document.createElement(tag);
    if (tag === "button") node.type = "button";
    for (const [key, value] of Object.entries(props)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "text") node.textContent = value;
      else if (key === "ariaLabel") node.setAttribute("aria-label", value);
      else if (key in node && key !== "role") node[key] = value;
      else node.setAttribute(key, value);
    }
    node.append(...children.filter((c) => c !== null && c !== undefined));
    return node;
  };
  const icon = (path) => {
    const draw = (tag, values) => { const node = document.createElementNS("http://www.w3.org/2000/svg", tag); for (const name in values) node.setAttribute(name, values[name]); return node; };
    const svg = draw("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
    svg.append(draw("path", { d: path }));
    return svg;
  };
  // Hotlines can be tapped where they stand, unless a button dials them; 12345元 is a sum, 12110 a message.
  const dialled = (text, links) => text.split(/(12(?!110)[1-9]\d\d)/).map((part, i, all) =>
    i % 2 && !/[\d第]$/.test(all[i - 1]) && !/^[\d元块万条]/.test(all[i + 1]) && !links.some((l) => l.href === "tel:" + part) ? el("a", { href: "tel:" + part, text: part }) : part);
  const para = (className, text) => el("p", { className, text });
  const span = (className, text) => el("span", { className, text });
  const tap = (text, onclick, className = "") => el("button", { className, text, onclick });
  const quiet = (text, onclick) => tap(text, onclick, "quiet");
  const group = (className, ariaLabel, ...children) => el("div", { className, role: "group", ariaLabel }, ...children);
  const bar = (...children) => el("div", { className: "bar" }, ...children);
  const pressed = (button, is) => button.setAttribute("aria-pressed", String(is));
  const safe = (href) => (/^(https?:|tel:|sms:|\/)/.test(href || "") ? href : "#");
  const store = {
    get: (key) => { try { return localStorage.getItem("linli-" + key); } catch { return null; } },
    set: (key, value) => { try { value === null ? localStorage.removeItem("linli-" + key) : localStorage.setItem("linli-" + key, value); } catch { /* private mode */ } },
  };
  const queued = () => JSON.parse(store.get("queue") || "[]");
  const when = (at, form) => new Date(at).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", ...form });
  const clock = (at) => { // of another day with its day
    const day = { month: "long", day: "numeric" }, on = when(at, day);
    return (on === when(Date.now(), day) ? "" : on + " ") + when(at, { hour: "2-digit", minute: "2-digit" });
  };
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

  // A JPEG of at most 2000 pixels a side, where the browser can.
  const shrunk = async (file) => {
    try {
      const image = await createImageBitmap(file);
      const drawn = (most) => {
        const scale = Math.min(1, most / Math.max(image.width, image.height));
        const canvas = el("canvas", { width: Math.max(1, Math.round(image.width * scale)), height: Math.max(1, Math.round(image.height * scale)) });
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        return canvas;
      };
      const small = await new Promise((done) => drawn(LONGEST_SIDE).toBlob(done, "image/jpeg", 0.85));
      return small || file;
    } catch { return file; }
  };

  class LinliChat extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) { this.watch(); return; } // moved
      const root = this.attachShadow({ mode: "open" });
      this.server = (this.getAttribute("server") || "").replace(/\/$/, "");
      this.embedded = this.hasAttribute("embedded") || this.server !== "" && new URL(this.server, location.href).origin !== location.origin;
      this.seen = new Set();
      this.cards = new Map();
      this.matters = { steps: [], cases: [], appointments: [] };
      this.last = 0;
      this.waiting = 0;
      root.append(el("link", { rel: "stylesheet", href: this.server + "/static/widget.css" }));
      this.build(root);
      this.resize(Number(store.get("size") || 0));
      if (store.get("contrast") === "1") this.setAttribute("contrast", "");
      this.open();
      this.watch();
      document.addEventListener("visibilitychange", () => { if (document.hidden) this.deafen(); else { this.poll(true); this.listen(); } });
    }
    watch() { clearInterval(this.timer); this.timer = setInterval(() => { this.listen(); if (!this.isLive()) this.poll(); }, 2500); }
    disconnectedCallback() { clearInterval(this.timer); this.deafen(); }

    build(root) {
      this.log = el("div", { className: "log", role: "log", tabIndex: 0, ariaLabel: "对话内容" });
      this.log.setAttribute("aria-live", "polite");
      this.banner = el("div", { className: "banner", hidden: true, role: "status" });
      this.who = el("div", { className: "who", hidden: true, role: "status" });
      this.danger = el("div", { className: "strip danger", hidden: true, role: "region", ariaLabel: "急救电话" });
      this.typing = el("p", { className: "meta typing", hidden: true, role: "status", text: "正在查，请稍等……" });
      this.notice = el("div", { className: "notice", hidden: true });
      this.frame = el("div", { className: "frame" }, tap("去写问题", () => this.input.focus(), "skip"), this.header(), this.who, this.banner, this.danger, this.notice, this.log, this.typing, this.composer(), this.mine);
      this.frame.addEventListener("keydown", (e) => { if (e.key === "Escape") this.fold(); });
      root.append(this.frame);
    }
    header() {
      this.village = el("select", { ariaLabel: "您是哪个村的", onchange: () => this.setVillage(this.village.value) });
      this.contrastButton = tap("高对比", () => { const on = this.toggleAttribute("contrast"); store.set("contrast", on ? "1" : "0"); pressed(this.contrastButton, on); });
      pressed(this.contrastButton, store.get("contrast") === "1");
      this.sizes = SIZE_NAMES.map((name, i) => tap("字号" + name, () => this.resize(i)));
      const shut = () => tap("关上", () => { this.fold(); this.input.focus(); });
      const calls = el("div", { className: "sheet under", hidden: true }, el("h2", { text: "紧急电话，点一下就拨" }),
        ...CALLS.map(([number, name]) => el("a", { className: "call", href: "tel:" + number, text: `${number} ${name}` })), bar(shut()));
      const settings = el("div", { className: "sheet under", hidden: true },
        el("h2", { text: "字号和设置" }), para("sample", "看看这样大小合不合适。"),
        group("bar", "字号", ...this.sizes), bar(this.contrastButton),
        bar(el("a", { href: this.server + "/privacy", text: "隐私说明" }), tap("删除这段对话", () => { this.fold(); this.forget(); })),
        bar(shut()));
      const top = group("top", "邻里", el("b", { text: "邻里" }), this.village,
        this.opener("Aa", settings, "字号和设置"), this.opener("紧急电话", calls, "紧急电话", "calls"));
      top.lastChild.replaceChildren("紧急", span("wide", "电话"));
      return el("div", {}, top, calls, settings);
    }
    // A button that opens a sheet, one at a time.
    opener(text, sheet, name, className = "quiet") {
      const button = el("button", { className, text, ariaLabel: name, onclick: () => {
        const wasHidden = sheet.hidden;
        this.fold();
        sheet.hidden = !wasHidden;
        button.setAttribute("aria-expanded", String(wasHidden));
        if (wasHidden) (sheet.querySelector("a, button") || sheet).focus();
      } });
      button.setAttribute("aria-expanded", "false");
      (this.sheets = this.sheets || []).push([sheet, button]);
      return button;
    }
    fold() {
      for (const [sheet, button] of this.sheets) {
        if (!sheet.hidden && sheet.contains(this.shadowRoot.activeElement)) button.focus();
        sheet.hidden = true;
        button.setAttribute("aria-expanded", "false");
      }
    }
    composer() {
      this.input = el("textarea", { id: "say", maxLength: 2000, rows: 1, placeholder: "想问什么？", ariaLabel: "写下您的问题", enterKeyHint: "send", value: store.get("draft") || "" });
      // 229: Safari, for the Enter that chose a word of pinyin.
      this.input.addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing && e.keyCode !== 229) { e.preventDefault(); this.form.requestSubmit ? this.form.requestSubmit() : this.submit(); } });
      let told = 0;
      this.input.addEventListener("input", () => {
        this.fit();
        store.set("draft", this.input.value || null);
        if (this.status === "open" && Date.now() - told > 3000) { told = Date.now(); this.call("POST", "/typing").catch(() => {}); }
      });
      this.sendButton = el("button", { className: "main", type: "submit", text: "发送" });
      const more = el("div", { className: "sheet over", hidden: true }, el("h2", { text: "还能做什么" }),
        bar(this.photoButton(), this.mineButton(), ...MORE.map(([name, says]) => tap(name, () => { this.fold(); this.say(says, null); }))));
      this.form = el("form", { onsubmit: (e) => { e.preventDefault(); this.submit(); } }, this.voiceButton(), this.input, this.opener("＋", more, "照片、我的事、找真人"), this.sendButton);
      this.adds = el("div", { className: "strip", hidden: true, role: "status" });
      this.box = el("div", { className: "composer" }, more, this.adds, this.form);
      setTimeout(() => this.fit());
      return this.box;
    }
    submit() {
      const text = this.input.value.trim();
      if (!text) return;
      this.input.value = "";
      store.set("draft", null);
      this.fit();
      const said = this.addsTo ? `${this.addsTo} 补充：${text}` : text;
      this.add(null);
      this.say(said, null);
    }
    // What is written next is added to this case; null: to none.
    add(number) {
      this.addsTo = number;
      this.adds.hidden = !number;
      this.input.placeholder = number ? "写在这里" : "想问什么？";
      if (!number) return;
      this.fold();
      const away = quiet("不补充了", () => { this.add(null); this.input.focus(); });
      this.adds.replaceChildren(el("span", { text: `写完发送，就补充给 ${number}` }), away);
      this.input.focus();
    }
    fit() {
      this.input.style.height = "";
      if (this.input.value && this.input.scrollHeight > this.input.clientHeight) this.input.style.height = this.input.scrollHeight + 3 + "px";
      this.sendButton.hidden = !this.input.value.trim();
    }
    voiceButton() {
      const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
      if (!Recognition) return null;
      return quiet("说话", () => {
        if (!store.get("voice") && !confirm("把声音变成字的是您的浏览器或手机，声音可能会传到它们的公司。可以用吗？")) return;
        store.set("voice", "1");
        const heard = new Recognition();
        heard.lang = "zh-CN";
        heard.onresult = (e) => { this.input.value += e.results[0][0].transcript; this.fit(); this.input.focus(); };
        heard.onerror = () => this.say_banner("没听清，请打字。");
        heard.start();
      });
    }
    photoButton() {
      const picker = el("input", { type: "file", accept: "image/jpeg,image/png,image/webp", multiple: true, hidden: true, ariaLabel: "选照片" });
      picker.addEventListener("change", async () => {
        this.fold();
        for (const file of [...picker.files].slice(0, 6)) if (!(await this.sendPhoto(file))) break;
        picker.value = "";
        this.poll(true);
      });
      return el("span", {}, picker, tap("照片", () => picker.click()));
    }
    async sendPhoto(file) {
      this.say_banner("正在发照片……");
      try {
        const small = await shrunk(file);
        const body = new FormData();
        body.append("photo", small, "photo.jpg");
        const response = await fetch(this.server + "/api/widget/photos", { method: "POST", body, credentials: "same-origin", headers: this.own() });
        const data = await response.json().catch(() => ({}));
        if (!response.ok) throw new Error((data.error && data.error.message) || "照片没发出去，请再试。");
        this.say_banner(data.is_new === false ? "这张照片刚才已经收到了。" : null);
        return true;
      } catch (error) { this.say_banner(error.message || "照片没发出去，请再试。"); return false; }
    }
    say_banner(text) { this.banner.textContent = text || ""; this.banner.hidden = !text; }
    resize(i) {
      // what is read stays in place
      const top = this.log.getBoundingClientRect().top, read = [...this.log.children].find((n) => n.getBoundingClientRect().bottom > top);
      const before = read ? read.getBoundingClientRect().top : 0;
      this.style.setProperty("--size", SIZES[i] || SIZES[0]);
      this.sizes.forEach((button, at) => pressed(button, at === i));
      store.set("size", String(i));
      this.fit();
      if (read) this.log.scrollTop += read.getBoundingClientRect().top - before;
    }

    own() { return this.embedded && this.token ? { authorization: "Bearer " + this.token } : {}; }
    async call(method, path, body) {
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      const response = await fetch(this.server + "/api/widget" + path, { method, headers: { ...headers, ...this.own() }, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) });
      const data = response.status === 204 ? {} : await response.json().catch(() => ({}));
      if (!response.ok) throw Object.assign(new Error((data.error && data.error.message) || "出错了，请稍后再试。"), { status: response.status, guidance: data.guidance });
      return data;
    }

    async open() {
      this.token = this.embedded ? store.get("token") || this.token : null; // a frame may keep nothing
      try {
        const held = await this.call("GET", "/conversations/current");
        this.begin(held);
        held.messages.forEach((m) => this.next(m));
      } catch (error) {
        if (error.status === 403) { this.say_banner(error.message); return; }
        if (error.status !== 404) { this.say_banner(AWAY); queued().forEach((q) => this.pending(q)); setTimeout(() => this.open(), 4000); return; }
        try {
          const started = await this.call("POST", "/conversations", { village: this.getAttribute("village") || null, embedded: this.embedded });
          if (started.token) { this.token = started.token; store.set("token", started.token); }
          this.begin(started);
          this.askConsent(started.notice);
        } catch (failed) { this.say_banner(failed.status ? failed.message : AWAY); setTimeout(() => this.open(), 4000); }
      }
      this.resend();
    }
    begin(session) {
      this.say_banner(null);
      this.seen.clear();
      this.cards.clear();
      this.last = 0;
      this.held(session.status, session.agent);
      this.village.replaceChildren(el("option", { value: "", text: "选您的村" }), ...session.places.map((p) => el("option", { value: p.id, text: p.name })));
      this.village.value = session.village || "";
      this.tiles = group("tiles", "可以这样开始", ...TILES.map(([name, says, path]) => el("button", { onclick: () => this.say(says, null) }, icon(path), name)));
      this.asks = el("div", { className: "asks" }, para("meta", "也可以这样问："), ...session.suggestions.slice(0, 3).map((ask) => tap(ask, () => this.say(ask, null))));
      this.log.replaceChildren(el("div", { className: "message bot" }, el("p", { text: session.greeting }), para("meta", "回答供参考，以法律原文和主管部门答复为准。")), this.tiles, this.asks);
    }
    held(status, agent) {
      if (this.status === status && this.agent === agent) return;
      this.status = status;
      this.agent = agent;
      const text = status === "open" ? `现在跟您说话的是：工作人员${agent || ""}` : status === "waiting" ? "已请工作人员，您接着说" : "";
      const enough = quiet("不等了", () => this.say("不等了，接着问邻里", null));
      this.who.replaceChildren(el("span", { text }), ...(status === "waiting" ? [enough] : []));
      this.who.hidden = !text;
    }
    askConsent(text) {
      const covered = [this.log, this.box];
      covered.forEach((part) => { part.hidden = true; });
      const ok = tap("我知道了，开始", () => { this.notice.hidden = true; covered.forEach((part) => { part.hidden = false; }); this.fit(); this.log.focus(); }, "main");
      this.notice.replaceChildren(el("p", { text }), ok);
      this.notice.hidden = false;
    }

    say(text, payload) {
      const item = { client_id: newId(), text, payload };
      store.set("queue", JSON.stringify([...queued(), item]));
      this.pending(item);
      this.send(item, 0);
    }
    pending(item) {
      if (this.find(item.client_id)) return;
      this.settle();
      const node = el("div", { className: "message resident" }, span("unseen", "我说："), para("said", item.text), para("meta", "正在发送……"));
      node.dataset.client = item.client_id;
      this.log.append(node);
      this.toEnd();
    }
    done(client) { store.set("queue", JSON.stringify(queued().filter((q) => q.client_id !== client))); }
    resend() { for (const item of queued()) { this.pending(item); this.send(item, 0); } }
    find(client) { return [...this.log.children].find((n) => n.dataset.client === client); }

    async send(item, tries) {
      this.waiting++;
      this.typing.textContent = "正在查，请稍等……";
      this.typing.hidden = this.status !== "bot";
      try {
        const found = await this.call("POST", "/messages", item);
        this.done(item.client_id);
        this.say_banner(null);
        this.show(found.message);
        const said = (this.find(item.client_id) || this).querySelector(".said"); // nor is a choice kept here
        if (said) said.textContent = found.message.text;
        this.reveal(found.replies.map((m) => this.show(m)));
        this.held(found.status, this.agent);
        this.unanswered = found.pending && found.status === "bot";
      } catch (error) {
        const mark = this.find(item.client_id);
        const meta = mark && mark.querySelector(".meta");
        if (error.guidance) this.show({ ...error.guidance, id: "urgent " + item.client_id, sender: "bot", at: Date.now() });
        const early = error.status === 404 && !this.status;
        if (error.status && ![503, 429].includes(error.status) && !early) { this.done(item.client_id); if (meta) meta.textContent = "没有发出：" + error.message; }
        else { if (meta) meta.textContent = (error.status && !early ? error.message : "网络不通。") + "正在重试……"; setTimeout(() => this.send(item, tries + 1), Math.min(30000, 2000 * 2 ** tries)); }
      } finally {
        this.waiting--;
        this.typing.hidden = this.waiting <= 0;
        if (this.status === "open") this.poll(true);
      }
    }
    // News come by themselves. Where that fails twice, until the first is here and after 40 s of silence, it polls.
    isLive() { return Boolean(this.heardAt) && Date.now() - this.heardAt < SILENT_MS; }
    deafen() { if (this.ear) this.ear.abort(); this.ear = null; this.heardAt = 0; }
    misses() { this.deaf = (this.deaf || 0) + 1; this.listenAt = this.deaf % 2 ? 0 : Date.now() + 120000; }
    async listen() {
      if (this.ear && Date.now() - (this.heardAt || this.earAt) > SILENT_MS) { this.deafen(); this.misses(); }
      if (this.ear || !this.status || !this.isConnected || document.hidden || Date.now() < (this.listenAt || 0) || !window.AbortController) return;
      const ear = (this.ear = new AbortController());
      this.earAt = Date.now();
      let heard = false, gone = false;
      try {
        const response = await fetch(`${this.server}/api/widget/events?after=${this.last}`, { headers: this.own(), credentials: "same-origin", cache: "no-store", signal: ear.signal });
        gone = response.status === 404;
        if (response.ok) {
          const reader = response.body.getReader(), decoder = new TextDecoder();
          for (let text = ""; ;) {
            const { done, value } = await reader.read();
            if (done || this.ear !== ear) break;
            this.heardAt = Date.now();
            text += decoder.decode(value, { stream: true });
            const told = text.split("\n\n");
            text = told.pop();
            for (const one of told) if (one.startsWith("data: ")) { heard = true; this.take(JSON.parse(one.slice(6)), true); }
          }
        }
      } catch { /* as if it had ended */ }
      if (this.ear !== ear) return;
      this.deafen();
      if (heard) this.deaf = 0; else this.misses();
      if (gone) this.open(); else if (heard) this.listen();
    }
    async poll(now) {
      if (document.hidden || !this.isConnected || !this.status || this.waiting > 0) return;
      this.ticks = (this.ticks || 0) + 1;
      if (!now && this.status === "bot" && !this.unanswered && this.ticks % 4) return;
      try {
        const found = await this.call("GET", `/messages?seen=${this.covered ? 0 : 1}&after=` + this.last);
        this.take(found);
      } catch (error) { if (error.status === 404) this.open(); }
    }
    // `told`: it came by itself, and may not be seen.
    take(found, told) {
      const shown = found.messages.map((m) => this.next(m));
      this.reveal(shown.filter((node) => node && !node.matches(".resident, .system")));
      this.held(found.status, found.agent);
      if (this.waiting <= 0) { this.typing.textContent = found.typing ? `${found.agent || "工作人员"}正在写……` : "正在查，请稍等……"; this.typing.hidden = !found.typing; }
      if (found.degraded || this.degraded) this.say_banner(found.degraded);
      this.degraded = found.degraded;
      if (told && found.messages.length && found.status === "open" && !this.covered) this.poll(true);
    }

    toEnd() { this.log.scrollTop = this.log.scrollHeight; }
    settle() {
      if (this.tiles) this.tiles.hidden = this.asks.hidden = true;
      for (const card of this.cards.values()) card.choices = [];
      this.log.querySelectorAll(".choices, .rating").forEach((bar) => bar.remove());
      this.log.querySelectorAll(".pick").forEach((one) => {
        one.querySelector(".when").append("：");
        one.replaceWith(el("span", {}, ...one.childNodes));
      });
    }
    // In sight until put away.
    pin(m) {
      const put = store.get("pinned"); // a reload shows older ones, too
      if (put === String(m.id) || put > +m.id) return;
      const away = quiet("收起", () => { this.danger.hidden = true; store.set("pinned", String(m.id)); });
      this.danger.replaceChildren(...m.links.map((l) => this.link(l)), away);
      this.danger.hidden = !m.links.length;
    }
    link(l) { return el("a", { className: "call", href: safe((l.href || "").startsWith("/") ? this.server + l.href : l.href), text: l.label }); }
    // Only what came in order moves the mark: somebody may have written in between.
    next(m) { const node = this.show(m); this.last = Math.max(this.last, m.id); return node; }
    show(m) {
      if (this.seen.has(m.id)) return;
      this.seen.add(m.id);
      if (m.withdraws) this.log.querySelectorAll(`[data-id="${Number(m.withdraws)}"]`).forEach((gone) => gone.remove());
      this.dispatchEvent(new CustomEvent("linli-message", { detail: m })); // embedded.js counts
      if (m.sender === "bot") this.unanswered = false;
      if (m.sender === "resident") this.settle();
      const sent = m.client_id && this.find(m.client_id);
      if (sent) { // a screen reader would read a new one again
        sent.querySelector(".meta").textContent = this.sentAt(m);
        this.place(sent, m.id);
        this.toEnd();
        return sent;
      }
      if (m.kind === "case") this.refresh();
      if (m.case) return this.news(m);
      const node = el("div", { className: `message ${m.sender} ${m.kind}${m.is_urgent ? " urgent" : ""}` });
      if (m.is_urgent) { node.setAttribute("role", "alert"); this.pin(m); }
      const who = { resident: "我", bot: "邻里", agent: "工作人员" + (m.agent || ""), system: "提示" }[m.sender];
      const at = m.sender === "resident" ? this.sentAt(m) : clock(m.at);
      node.append(span("unseen", who + "说："), ...this.body(m));
      if (m.citations.length) node.append(this.sources(m.citations));
      const left = m.buttons.filter((b) => !this.isPicked(m, b));
      if (left.length) node.append(this.choices(left));
      if (m.can_rate) node.append(this.rating(m));
      node.append(para("meta", m.sender === "agent" ? `${who} ${at}` : at));
      this.place(node, m.id);
      if (m.client_id) node.dataset.client = m.client_id;
      this.toEnd();
      return node;
    }
    sentAt(m) { return clock(m.at) + (this.status === "bot" ? "" : " 已送到"); }
    body(m) {
      return [...(TOLD.has(m.kind) && m.sender === "bot" ? this.told(m) : [para("said", m.text)]),
        m.next ? this.steps(m) : "",
        m.links.length ? el("p", { className: "links" }, ...m.links.map((l) => this.link(l))) : "", m.file ? this.file(m.file) : ""];
    }
    // The short answer stands out; what may have been meant is tapped there.
    told(m) {
      const out = [];
      let list = null, isFirst = m.kind !== "asking" && m.kind !== "abstention";
      for (const line of m.text.split("\n")) {
        if (line.startsWith("· ")) {
          if (!list) out.push(list = el("ul", { className: "cases" }));
          list.append(this.caseLine(m, line.slice(2)));
          continue;
        }
        list = null;
        const isHead = !out.length && /^[一二三四五]、/.test(line), short = isFirst && !isHead ? this.short(line) : "";
        if (short) isFirst = false;
        out.push(el("p", { className: isHead ? "head" : line.endsWith("：") ? "lead" : "said" }, short ? el("strong", { className: "short", text: short }) : "", ...dialled(line.slice(short.length), m.links)));
      }
      return out;
    }
    // Up to its first colon, else its first sentence.
    short(line) { return line.length <= SHORT ? line : /^([^。！？；：]{2,36}：|[^。！？；]*[。！？；]?)/.exec(line)[0]; }
    caseLine(m, text) {
      const button = m.buttons.find((b) => this.names(text, b)), at = text.indexOf("：") + 1;
      const words = [span("when", text.slice(0, button ? at - 1 : at)), el("span", { className: "gist" }, ...dialled(text.slice(at), m.links))];
      return el("li", {}, ...(button ? [el("button", { className: "pick", onclick: () => this.say(button.title, button.payload) }, ...words)] : words));
    }
    names(line, button) { return line.startsWith(button.title + "：") || line.includes(`“${button.title}”：`); }
    isPicked(m, button) { return TOLD.has(m.kind) && m.text.split("\n").some((line) => line.startsWith("· ") && this.names(line.slice(2), button)); }
    steps(m) {
      const lines = m.next.split("\n").filter(Boolean), box = el("div", { className: "next" }, /asking|emergency/.test(m.kind) && !m.is_urgent ? "" : el("strong", { text: "接下来怎么办：" }));
      if (lines.length === 1) { box.append(...dialled(lines[0], m.links)); return box; }
      let steps = null;
      for (const line of lines) {
        const step = /^\d+\. (.*)$/.exec(line);
        if (!step) { box.append(el("p", {}, ...dialled(line, m.links))); continue; }
        if (!steps) box.append(steps = el("ol"));
        steps.append(el("li", {}, ...dialled(step[1], m.links)));
      }
      return box;
    }
    // What staff sent along: a picture small, a PDF by its name.
    file(f) {
      const size = f.size < 1e6 ? `${Math.ceil(f.size / 1e3)} KB` : `${(f.size / 1e6).toFixed(1)} MB`;
      const shown = f.small ? el("img", { src: this.server + f.small, alt: (f.is_own ? "您发的" : "工作人员发来的") + "照片，点开看大图" }) : `看文件：${f.name}（PDF，${size}）`;
      return el("p", { className: "file" }, el("a", { className: f.small ? "" : "call", href: safe(this.server + f.href), target: "_blank", rel: "noopener" }, shown));
    }
    choices(buttons) { return group("bar choices", "可以这样回", ...this.saying(buttons)); }
    saying(buttons) { return buttons.map((b) => tap(b.title, () => { this.fold(); this.say(b.title, b.payload); })); }

    // All news of a case are one card, where the newest belongs.
    news(m) {
      const card = this.cards.get(m.case) || { number: m.case, node: group("message bot case", "事项 " + m.case), news: [], choices: [] };
      this.cards.set(m.case, card);
      card.news.unshift(m);
      card.news.sort((a, b) => b.id - a.id);
      card.choices.push(...m.buttons);
      this.draw(card);
      this.place(card.node, card.news[0].id);
      this.toEnd();
      return card.node;
    }
    draw(card) {
      const stands = this.matters.cases.find((c) => c.number === card.number), [newest, ...older] = card.news;
      const acts = stands ? this.acts(stands) : [], named = acts.map((b) => b.textContent), was = card.node.querySelector("details");
      const choices = card.choices.filter((b) => !named.includes(b.title)), focused = this.shadowRoot.activeElement;
      const again = focused && card.node.contains(focused) ? focused.textContent : null;
      card.node.replaceChildren(span("unseen", "邻里说："), ...this.head(card.number, stands), ...this.body(newest),
        para("meta", clock(newest.at)), choices.length ? this.choices(choices) : "", acts.length ? group("bar acts", "这件事可以", ...acts) : "",
        older.length ? el("details", { open: Boolean(was && was.open) }, el("summary", { text: `以前的消息 ${older.length} 条` }), ...older.map((m) => el("p", { className: "earlier" }, span("meta", clock(m.at) + " "), m.text))) : "");
      if (again) [...card.node.querySelectorAll("button, summary")].filter((b) => b.textContent === again).forEach((b) => b.focus());
    }
    head(number, stands) {
      const copy = navigator.clipboard && el("button", { className: "quiet", text: "复制", ariaLabel: "复制编号", onclick: () => navigator.clipboard.writeText(number).then(() => { copy.textContent = "已复制"; }) });
      const at = stands && stands.step !== null ? stands.step : -1, steps = this.matters.steps;
      return [el("div", { className: "top-line" }, el("strong", { text: number }), copy), stands ? para("what", stands.what) : "",
        at < 0 ? "" : el("ol", { className: "steps", ariaLabel: "办到哪一步" }, ...steps.map((name, i) => { const one = el("li", { className: i < at ? "done" : i === at ? "now" : "", text: name }); if (i === at) one.setAttribute("aria-current", "step"); return one; })),
        stands ? para("meta", stands.status + (stands.is_asked ? "，等您补充" : stands.due ? "，" + stands.due : "")) : ""];
    }
    acts(stands) {
      const adds = stands.adds && el("button", { className: stands.is_asked ? "main" : "", text: "补充", onclick: () => this.add(stands.number) });
      return [...(stands.is_asked ? [adds] : []), ...this.saying(stands.buttons), ...(adds && !stands.is_asked ? [adds] : [])];
    }
    // How the cases stand: news come in bursts.
    refresh() {
      clearTimeout(this.soon);
      this.soon = setTimeout(async () => { try { this.matters = await this.call("GET", "/matters"); this.redraw(); } catch { /* the words are there */ } }, 200);
    }
    redraw() {
      const { log } = this, wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
      this.cards.forEach((card) => this.draw(card));
      if (!wasAtEnd) return;
      log.scrollTop = log.scrollHeight;
      if (log.lastElementChild) this.reveal([log.lastElementChild]);
    }
    mineButton() {
      this.mine = el("div", { className: "sheet whole", hidden: true, role: "region", ariaLabel: "我的事和预约" });
      const open = this.opener("我的事和预约", this.mine, "我的事和预约", "");
      open.addEventListener("click", () => { if (!this.mine.hidden) this.showMine(); });
      return open;
    }
    async showMine() {
      const close = quiet("关上", () => { this.fold(); this.input.focus(); });
      const fill = (...rows) => this.mine.replaceChildren(el("div", { className: "top-line" }, el("h2", { text: "我的事" }), close), ...rows);
      fill(el("p", { text: "正在查……" }));
      close.focus();
      try { this.matters = await this.call("GET", "/matters"); } catch (error) { fill(el("p", { role: "alert", text: error.status ? error.message : "网络不通，等一会儿再打开看看。" })); return; }
      const { cases, appointments } = this.matters, none = (text, name, says) => [el("p", { text }), bar(...this.saying([{ title: name, payload: says }]))];
      fill(...(cases.length ? cases.map((c) => this.matter(c)) : none("在这里还没有登记过的事。", "报一件事", "我要反映问题")), el("h2", { text: "我的预约" }),
        ...(appointments.length ? appointments.map((a) => el("section", { className: "matter", role: "group", ariaLabel: a.label }, para("what", a.label), para("meta", `${a.status}，地点：${a.where}`), bar(...this.saying(a.buttons)))) : none("现在没有预约。", "约律师", "想约律师")));
      close.focus();
    }
    matter(c) {
      const press = (title, says) => this.saying([{ title, payload: `${c.number} ${says}` }]);
      const back = tap("收回发出去的链接", async () => { try { await this.call("DELETE", `/matters/${c.number}/links`); back.replaceWith(el("span", { role: "status", text: "收回了，原来的链接都打不开了。" })); } catch (error) { this.say_banner(error.message); } });
      return el("section", { className: "matter", role: "group", ariaLabel: "事项 " + c.number }, ...this.head(c.number, c), c.news ? para("said", c.news.text) : "",
        bar(...this.acts(c), ...press("要个进度链接", "要个进度链接"), c.links ? back : "", ...(c.withdraws ? press("撤回", "我要撤回") : [])));
    }
    // In the order of what was said; what is being sent comes last.
    place(node, id) {
      if (id > 0) node.dataset.id = id;
      const later = id > 0 && [...this.log.children].find((other) => other !== node && (Number(other.dataset.id) > id || (other.dataset.client && !other.dataset.id)));
      if (node.isConnected && node.nextElementSibling === (later || null)) return;
      if (later) later.before(node); else this.log.append(node);
    }
    // An answer longer than the screen is read from its beginning; danger goes first.
    reveal(nodes) {
      const first = nodes.find((node) => node && node.matches(".urgent")) || nodes.find((node) => node);
      const above = first ? this.log.getBoundingClientRect().top - first.getBoundingClientRect().top : 0;
      if (above > 0) this.log.scrollTop -= above;
    }
    sources(citations) {
      const one = (c) => {
        const since = c.in_force_from ? `${c.in_force_from} ${["案例", "问答"].includes(c.kind_label) ? "收录" : "起施行"}` : "";
        const period = since + (c.in_force_to ? `，到 ${c.in_force_to} 为止` : "");
        const title = c.title.replace(/^中华人民共和国/, "");
        return el("div", { className: "source" }, el("p", {}, span("tag", c.kind_label), el("strong", { text: `${c.number}. ${title}${c.article ? " " + c.article : ""}` })),
          para("meta", period), c.note ? para("note", c.note) : null, el("p", { text: c.text }));
      };
      return el("details", {}, el("summary", { text: `依据 ${citations.length} 条` }), ...citations.map(one));
    }
    rating(m) {
      const rating = group("bar rating", "这个回答有用吗");
      for (const [value, name] of [["up", "有用"], ["down", "没用"]]) {
        const button = quiet(name, async () => {
          try { await this.call("POST", `/messages/${m.id}/rating`, { value }); this.askWhy(rating, m, value); rating.querySelectorAll("[aria-pressed]").forEach((b) => pressed(b, b === button)); } catch (error) { this.say_banner(error.message); }
        });
        pressed(button, m.rating === value);
        rating.append(button);
      }
      rating.append(quiet("没看懂", () => this.say("没看懂", null)));
      if ("speechSynthesis" in window) rating.append(quiet("读出来", () => { speechSynthesis.cancel(); const said = new SpeechSynthesisUtterance(m.text + "。" + (m.next || "")); said.lang = "zh-CN"; speechSynthesis.speak(said); }));
      return rating;
    }
    // 没用 alone tells a legal worker little.
    askWhy(rating, m, value) {
      rating.querySelectorAll(".why").forEach((one) => one.remove());
      if (value !== "down") return;
      const why = group("why", "哪里不对", el("p", { text: "哪里不对？点一下，会有人来改。" }));
      const thanks = () => why.replaceChildren(el("p", { role: "status", text: "记下了，谢谢您。着急的话，点“找真人”。" }), person());
      const person = () => tap("找真人", () => this.say("转人工", null));
      why.append(...WRONG.map(([reason, name]) => tap(name, () => this.call("POST", `/messages/${m.id}/rating`, { value, why: reason }).then(thanks, (error) => this.say_banner(error.message)))), person());
      rating.append(why);
      why.scrollIntoView({ block: "nearest" });
    }
    async setVillage(village) { if (village) try { await this.call("PUT", "/village", { village }); } catch (error) { this.say_banner(error.message); } }
    async forget() {
      if (!confirm("删掉后就找不回来了。已经登记的事、约好的时间还在，但进度不能再从这里告诉您，请先记下编号。确定删除吗？")) return;
      try { await this.call("DELETE", "/conversations/current"); } catch (error) { if (error.status !== 404) { this.say_banner(error.message); return; } }
      store.set("token", null); store.set("queue", null); store.set("pinned", null); this.danger.hidden = true; this.deafen(); this.open();
    }
  }
  if (!customElements.get("linli-chat")) customElements.define("linli-chat", LinliChat);
})();
