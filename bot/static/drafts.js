// Nothing typed is lost: what is written in a form stays in this browser until the server has taken it. A refused form, an
// ended session, a reload or a click on the wrong link gives it back. Kept apart for each person who signs in here.
(() => {
  const OLD_MS = 3 * 24 * 3600 * 1000;
  const me = document.body.dataset.staff;
  const START = "linli-draft:";
  const store = (() => { try { localStorage.setItem("linli-try", "1"); localStorage.removeItem("linli-try"); return localStorage; } catch { return null; } })();
  const drafts = window.linliDrafts = { taken: () => {} };
  const back = document.querySelector("[data-back]");
  if (back) { back.hidden = history.length < 2; back.addEventListener("click", () => history.back()); }
  if (!store) return;

  const keys = () => Object.keys(store).filter((key) => key.startsWith(START));
  const read = (key) => { try { return JSON.parse(store.getItem(key)); } catch { return null; } };
  keys().forEach((key) => { const kept = read(key); if (!kept || Date.now() - kept.at > OLD_MS) store.removeItem(key); });
  if (!me) { sessionStorage.removeItem("linli-sent"); return; } // the door: what was written waits behind it

  const KINDS = ["text", "tel", "number", "date", "datetime-local", "textarea"];
  const isPost = (form) => (form.getAttribute("method") || "").toLowerCase() === "post"; // a field may be named `method`
  const WHICH = ["to", "id", "unit", "party", "appointment", "message", "opinion", "question", "household", "participant", "step", "code"];
  const which = (form) => WHICH.map((name) => (form.querySelector(`input[type=hidden][name=${name}]`) || {}).value || "").join("-");
  const fields = (form) => [...form.elements].filter((field) => field.name && KINDS.includes(field.type) && !field.readOnly);
  const own = (form) => `${START}${me}:${form.getAttribute("action")}:${which(form)}:`;
  const key = (field) => {
    const same = fields(field.form).filter((other) => other.name === field.name);
    return `${own(field.form)}${field.name}:${same.indexOf(field)}`;
  };
  const base = (field) => field.defaultValue;
  const of = (form) => keys().filter((each) => each.startsWith(own(form)));
  drafts.taken = (form) => of(form).forEach((each) => store.removeItem(each));

  // --- what the last page sent: taken, unless this page says otherwise
  const sent = JSON.parse(sessionStorage.getItem("linli-sent") || "[]");
  sessionStorage.removeItem("linli-sent");
  const came = performance.getEntriesByType("navigation")[0] || {};
  const isTaken = came.type === "navigate" && (came.redirectCount > 0 || "done" in document.body.dataset);
  if (isTaken && !("refused" in document.body.dataset)) sent.forEach((each) => store.removeItem(each));

  const told = (form, text, wanted) => {
    if (form.querySelector(".kept")) return;
    const line = document.createElement("p"), words = document.createElement("span"), button = document.createElement("button");
    line.className = "kept";
    line.setAttribute("role", "status");
    words.textContent = text;
    button.type = "button";
    button.className = "btn btn-sm btn-outline-secondary";
    button.textContent = wanted.label;
    button.addEventListener("click", () => { wanted.press(); line.remove(); });
    line.append(words, " ", button);
    form.prepend(line);
  };
  const put = (field, text) => { field.value = text; field.dispatchEvent(new Event("input", { bubbles: true })); };
  const posts = () => [...document.querySelectorAll("form[method=post]:not([data-no-draft])")];
  const restore = () => posts().forEach((form) => {
    const found = fields(form).map((field) => [field, read(key(field))]).filter(([field, kept]) => kept && kept.text.trimEnd() !== field.value.trimEnd());
    if (!found.length) return;
    const fits = found.filter(([field, kept]) => kept.base === base(field) || field.value === "");
    fits.forEach(([field, kept]) => put(field, kept.text));
    const hidden = form.closest("details:not([open])");
    if (hidden && fits.length) hidden.open = true;
    const clear = () => { drafts.taken(form); fields(form).forEach((field) => { field.value = base(field); }); drafts.taken(form); };
    if (fits.length) told(form, "上次没写完的，给您放回来了。", { label: "不要了", press: clear });
    else told(form, "您上次在这里写的没存下，这一页后来又改过。", { label: "把我写的放回来", press: () => found.forEach(([field, kept]) => put(field, kept.text)) });
  });

  const keep = (event) => {
    const field = event.target, form = field.form;
    if (!form || !isPost(form) || "noDraft" in form.dataset || !KINDS.includes(field.type) || !field.name || field.readOnly) return;
    try {
      if (field.value === base(field)) store.removeItem(key(field));
      else store.setItem(key(field), JSON.stringify({ text: field.value, base: base(field), at: Date.now() }));
    } catch { /* full: the page works without */ }
  };
  document.addEventListener("input", keep, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("action") === "/staff/sign-out") keys().filter((each) => each.startsWith(`${START}${me}:`)).forEach((each) => store.removeItem(each));
    else if (isPost(form)) sessionStorage.setItem("linli-sent", JSON.stringify(of(form)));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (form.tagName === "FORM" && isPost(form) && event.detail.successful) drafts.taken(form);
  });
  restore();
})();
