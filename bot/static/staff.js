// The staff console: live lists by server-sent events, alerts, and small helps while writing.
(() => {
  const $ = (id) => document.getElementById(id);
  const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  const fresh = () => document.querySelectorAll("input[name=nonce]").forEach((input) => { if (!input.value) input.value = nonce(); });
  const toEnd = () => { const thread = $("thread"); if (thread) thread.scrollTop = thread.scrollHeight; };
  fresh();
  toEnd();
  document.body.addEventListener("fresh", fresh);

  // --- alerts: they ring on every page until they are switched off, which is remembered; a browser lets a page sound only
  // after somebody has touched it, so the first touch anywhere wakes it
  const remembered = (name, value) => {
    try { if (value !== undefined) localStorage.setItem(name, value); return localStorage.getItem(name); } catch { return null; }
  };
  const RING_EVERY_MS = 20_000;
  const alerts = $("alerts"), silent = $("silent");
  let sound = null, now = null;
  const isOn = () => remembered("linli-alerts") !== "off";
  const show = () => {
    if (!alerts) return;
    alerts.textContent = isOn() ? "提醒：开着" : "提醒：关了（危险照样响）";
    alerts.setAttribute("aria-pressed", String(isOn()));
  };
  const wake = () => {
    sound = sound || (window.AudioContext && new AudioContext());
    if (sound && sound.state === "suspended") sound.resume().catch(() => {});
    setTimeout(() => { if ($("mute")) $("mute").hidden = !sound || sound.state === "running"; }, 500);
  };
  const beep = (loud) => {
    wake();
    document.body.dataset.rang = String(Number(document.body.dataset.rang || 0) + 1);
    if (!sound) return;
    for (let i = 0; i < (loud ? 3 : 1); i++) {
      const tone = sound.createOscillator();
      tone.frequency.value = loud ? 880 : 520;
      tone.connect(sound.destination);
      tone.start(sound.currentTime + i * 0.3);
      tone.stop(sound.currentTime + i * 0.3 + 0.18);
    }
  };
  const notify = (text) => {
    if (!("Notification" in window) || Notification.permission !== "granted" || !document.hidden) return;
    try { new Notification(text, { tag: "linli", body: `现在有 ${now.waiting} 位在等` }); } catch { /* some phones allow it only to a worker */ }
  };
  /** Danger rings again and again, in one of the open pages, until somebody has taken it. */
  const ringForDanger = () => {
    if (!now || !now.danger || Date.now() - Number(remembered("linli-rang-at") || 0) < RING_EVERY_MS) return;
    remembered("linli-rang-at", String(Date.now()));
    beep(true);
    notify("有人可能有危险");
  };
  const ringForNews = (before) => {
    if (!isOn()) return;
    // By the last of each and not by how many: one may leave as another comes.
    const more = (what, last) => now[what] > before[what] || now[last] > before[last];
    const text = more("unread", "last_said") ? "您接的居民又说话了" : more("waiting", "last_waiting") ? "有居民在等" : more("notices", "last_notice") ? "有同事找您" : now.alarms > before.alarms ? "有事项超时，或者叫的单位没到" : "";
    if (text) { beep(false); notify(text); }
  };
  const badge = (id, count) => { const at = $(id); if (at) { at.textContent = count; at.hidden = count === 0; } };
  if (alerts) {
    show();
    alerts.addEventListener("click", async () => {
      remembered("linli-alerts", isOn() ? "off" : "on");
      show();
      wake();
      if (isOn() && "Notification" in window && Notification.permission === "default") await Notification.requestPermission();
    });
  }
  if ("live" in document.body.dataset && window.EventSource) {
    for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, wake, { once: true, capture: true });
    const events = new EventSource("/staff/events");
    events.addEventListener("open", () => { silent.hidden = true; });
    events.addEventListener("error", () => { silent.hidden = events.readyState !== EventSource.CLOSED; }); // not tried again: signed out
    events.addEventListener("inbox", (event) => {
      const before = now;
      now = JSON.parse(event.data);
      badge("waiting-count", now.waiting + now.unread);
      badge("alarm-count", now.alarms);
      badge("notice-count", now.notices);
      if ($("at-me")) $("at-me").hidden = !now.notices && !$("at-me").querySelector("[aria-current]");
      $("danger").hidden = now.danger === 0;
      document.title = (now.danger ? "【危险】" : now.waiting + now.unread ? `(${now.waiting + now.unread}) ` : "") + document.title.replace(/^(【危险】|\(\d+\) )/, "");
      if (before && (now.danger > before.danger || now.last_danger > before.last_danger)) remembered("linli-rang-at", "0");
      ringForDanger();
      if (before) ringForNews(before);
      document.body.dispatchEvent(new Event("refresh"));
    });
    setInterval(ringForDanger, 5000);
  }
  const more = document.querySelector(".rail-more");
  if (more) {
    document.addEventListener("click", (event) => { if (!more.contains(event.target)) more.open = false; });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && more.open) { more.open = false; more.querySelector("summary").focus(); } });
  }
  document.addEventListener("submit", (event) => {
    const asks = event.submitter && event.submitter.dataset.confirm;
    if (asks && !confirm(asks)) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
  document.body.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "thread") toEnd(); });
  document.body.addEventListener("htmx:responseError", (event) => {
    let text = "没办成，请刷新再试。";
    try { text = JSON.parse(event.detail.xhr.responseText).error.message; } catch { /* not ours */ }
    alert(text);
  });

  document.querySelectorAll(".chips .active, .chips [aria-current]").forEach((one) => one.scrollIntoView({ block: "nearest", inline: "center" }));

  // --- writing
  /** At the cursor, on a line of its own; what was written stays. */
  const insert = (field, words) => {
    const from = field.selectionStart, before = field.value.slice(0, from), after = field.value.slice(field.selectionEnd);
    const start = before && !before.endsWith("\n") ? "\n" : "", end = after && !after.startsWith("\n") ? "\n" : "";
    field.focus();
    field.setRangeText(start + words + end, from, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const insertName = (field, name) => {
    field.focus();
    field.setRangeText(`@${name} `, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // --- a step that may still be taken back: how long yet
  document.querySelectorAll(".held[data-left]").forEach((strip) => {
    const until = Date.now() + Number(strip.dataset.left) * 1000, told = strip.querySelector("[data-count]"), rest = told.textContent.replace(/^\d+/, "");
    const timer = setInterval(() => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0) { told.textContent = left + rest; return; }
      clearInterval(timer);
      told.textContent = "过了十秒，不能撤销了";
      strip.classList.add("is-over");
      strip.querySelectorAll("button").forEach((button) => { button.disabled = true; });
    }, 250);
  });
  const form = $("say");
  if (form) {
    let told = 0;
    form.text.addEventListener("input", () => {
      if (Date.now() - told < 3000) return;
      told = Date.now();
      fetch(form.dataset.typing, { method: "POST", headers: { "x-csrf": form.csrf.value } }).catch(() => {});
    });
    // Enter sends where there is a real keyboard; while pinyin is being chosen it chooses.
    const hasKeyboard = window.matchMedia("(pointer: fine)").matches;
    if (!hasKeyboard) form.text.placeholder = "写给居民";
    form.text.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.isComposing || e.keyCode === 229 || e.shiftKey || !(hasKeyboard || e.ctrlKey)) return;
      e.preventDefault();
      if (form.text.value.trim() || form.elements.file.files.length) form.requestSubmit();
    });
    const canned = document.querySelector(".canned");
    form.text.addEventListener("input", () => { if (canned && form.text.value === "/") { form.text.value = ""; canned.open = true; canned.querySelector("button").focus(); } });
    if (canned) canned.addEventListener("keydown", (event) => {
      const stops = [...canned.querySelectorAll("button")], at = stops.indexOf(event.target);
      const to = { ArrowDown: stops[at + 1], ArrowUp: stops[at - 1], Escape: form.text }[event.key];
      if (!to) return;
      event.preventDefault(); // the page would scroll
      if (to === form.text) canned.open = false;
      to.focus();
    });
    form.addEventListener("htmx:afterRequest", (event) => {
      if (!event.detail.successful || event.detail.elt !== form) return;
      form.text.value = form.cite.value = "";
      form.nonce.value = nonce();
      $("cited").hidden = true;
    });
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.dataset.mention) {
      insertName(button.closest("form").elements.note || button.closest("form").elements.text, button.dataset.mention);
      button.closest("details").open = false;
    }
    if (!button || !form) return;
    if (button.dataset.canned) { insert(form.text, button.dataset.canned); if (button.closest("details")) button.closest("details").open = false; }
    if (button.dataset.cite) {
      insert(form.text, button.dataset.words);
      form.cite.value = [form.cite.value, button.dataset.cite].filter(Boolean).join(",");
      $("cited").textContent = "回复会附上依据。";
      $("cited").hidden = false;
    }
  });

  // --- citations: articles are looked for by words beside the list they go into; arrows walk through what was found
  document.querySelectorAll(".picker").forEach((picker) => {
    picker.hidden = false;
    const words = picker.querySelector("input");
    words.addEventListener("input", (event) => event.stopPropagation()); // not a change of the text
    picker.addEventListener("keydown", (event) => {
      const stops = [words, ...picker.querySelectorAll("[data-citation]")], at = stops.indexOf(event.target);
      const to = { ArrowDown: stops[at + 1], ArrowUp: stops[at - 1], Escape: at > 0 && words }[event.key];
      if (to) to.focus();
      if (to || (event.key === "Enter" && at === 0)) event.preventDefault(); // Enter would save the whole text
    });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-citation]");
    const into = button && (button.closest("[data-citing]") || document).querySelector("[data-citations]");
    if (!into) return;
    const lines = into.value.split("\n").map((line) => line.trim()).filter(Boolean);
    into.value = [...new Set([...lines, button.dataset.citation])].join("\n");
    into.dispatchEvent(new Event("input", { bubbles: true }));
    into.focus();
  });

  // --- tables: told before the file is sent, because the server takes no more
  document.querySelectorAll("input[type=file][data-most]").forEach((input) => input.addEventListener("change", () => {
    const file = input.files[0];
    input.setCustomValidity(file && file.size > Number(input.dataset.most) ? "文件太大了，请分成几个文件。" : "");
    input.reportValidity();
  }));

  // --- documents: what was selected in a text becomes the passage that a remark is about
  const quote = $("quote");
  if (quote) document.addEventListener("selectionchange", () => {
    const chosen = document.getSelection();
    const from = chosen.anchorNode;
    const at = from && (from.closest ? from : from.parentElement).closest("[data-quotable]");
    if (at && String(chosen).trim()) quote.value = String(chosen).trim().slice(0, 500);
  });

  // --- plots
  const kept = $("golden-runs");
  if (kept && window.Chart) {
    const figures = JSON.parse(kept.textContent);
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    new Chart($("golden-plot"), { type: "line", data: { labels: figures.at, datasets: [{ data: figures.share, borderColor: "#17563a", backgroundColor: "#17563a", tension: 0.1 }] }, options: { maintainAspectRatio: false, plugins: { legend: { display: false } }, scales: { y: { suggestedMin: 80, max: 100, ticks: { callback: (value) => `${value}%` } } } } });
  }
  const data = $("figures");
  if (data && window.Chart) {
    const figures = JSON.parse(data.textContent);
    const colours = ["#17563a", "#b45309", "#1d4ed8", "#9d174d", "#4d7c0f", "#6d28d9"];
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    new Chart($("weeks"), { type: "bar", data: { labels: figures.weeks, datasets: Object.entries(figures.topics).map(([label, values], i) => ({ label, data: values, backgroundColor: colours[i], maxBarThickness: 44 })) }, options: { maintainAspectRatio: false, scales: { x: { stacked: true }, y: { stacked: true, ticks: { precision: 0 } } } } });
    new Chart($("places"), { type: "bar", data: { labels: Object.keys(figures.places), datasets: [{ data: Object.values(figures.places), backgroundColor: "#17563a", maxBarThickness: 28 }] }, options: { indexAxis: "y", maintainAspectRatio: false, plugins: { legend: { display: false } }, scales: { x: { ticks: { precision: 0 } } } } });
  }
})();
