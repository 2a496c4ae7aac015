// The knowledge pages: a draft that saves itself, ways of asking added with a press, rows ticked together.
(() => {
  const $ = (id) => document.getElementById(id);

  // --- a draft saves itself a few seconds after the last letter; what a colleague saved meanwhile is never written over
  const editor = $("editor"), told = $("saved-at");
  const AFTER_MS = 4000;
  let waiting = 0, going = null, isChanged = false, isStopped = !editor || !("autosave" in editor.dataset);
  const say = (text, link) => {
    if (!told) return;
    told.textContent = text;
    if (!link) return;
    const a = document.createElement("a");
    a.href = link.href;
    a.textContent = link.label;
    told.append(" ", a);
  };
  const stop = (text, link) => { isStopped = true; say(text, link); };
  const taken = (found) => {
    editor.revision.value = found.revision;
    if (editor.getAttribute("action") !== found.address) { // a colleague has seen the text before: it goes on as the next version
      editor.setAttribute("action", found.address);
      history.replaceState(null, "", found.address);
    }
    say(`自己存好了 ${found.saved}。送审以前居民看不到。`);
  };
  const send = async () => {
    const body = new FormData(editor);
    body.set("do", "auto");
    isChanged = false;
    let answer;
    try { answer = await fetch(editor.getAttribute("action"), { method: "POST", body, headers: { accept: "application/json" } }); }
    catch { isChanged = true; say("网络不通，先记在这台电脑里，通了再存。"); return; }
    if (answer.ok) { taken(await answer.json()); if (!isChanged && window.linliDrafts) window.linliDrafts.taken(editor); return; }
    isChanged = true;
    const why = await answer.json().then((found) => found.error.message, () => "没有存上。");
    if (answer.status === 401) stop("登录过期了。您写的还记在这台电脑里，", { href: location.href, label: "重新登录接着写" });
    else if (answer.status === 409) stop("同事刚刚也存过这一份。请按“保存”，两份会并排给您看。");
    else say(why);
  };
  /** What was typed so far is with the server, or can't be. */
  const flush = async () => {
    clearTimeout(waiting);
    if (going) await going;
    if (isStopped || !isChanged) return;
    going = send();
    await going;
    going = null;
  };
  const later = () => {
    if (isStopped) return;
    isChanged = true;
    clearTimeout(waiting);
    waiting = setTimeout(flush, AFTER_MS);
  };
  if (!isStopped) {
    for (const change of ["input", "change"]) editor.addEventListener(change, (event) => { if (!("own" in event.target.dataset) && event.target.name !== "whole") later(); });
    editor.addEventListener("submit", () => { clearTimeout(waiting); isStopped = true; });
    // given back by drafts.js, which ran before: it is with the server soon
    if ([...editor.elements].some((field) => ["text", "textarea", "date"].includes(field.type) && field.value !== field.defaultValue)) later();
    addEventListener("visibilitychange", () => { if (document.hidden) flush(); });
    document.addEventListener("htmx:confirm", (event) => { // tried is what is on the screen
      if (event.detail.path !== "/staff/knowledge/try" || !isChanged) return;
      event.preventDefault();
      flush().then(() => event.detail.issueRequest(true));
    });
  }

  // --- a way of asking goes into the list of this draft; of a rule into the clause that has the focus, else the first
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-add-question]");
    if (!button) return;
    const into = editor && (editor.elements.questions || editor.querySelector("[name$=-questions]"));
    if (!into || !editor.getAttribute("action").endsWith(`/${button.dataset.version}`)) return; // its own form does it
    event.preventDefault();
    const lines = into.value.split("\n").map((line) => line.trim()).filter(Boolean);
    into.value = [...new Set([...lines, button.dataset.addQuestion])].join("\n");
    into.dispatchEvent(new Event("input", { bubbles: true }));
    button.disabled = true;
    button.textContent = `✓ 加上了`;
  });

  // --- rows ticked together
  const boxes = (form) => [...document.querySelectorAll(`input[name=ids][form=${form}]`)];
  const count = (form) => {
    const line = document.querySelector(`[data-ticked=${form}]`), n = boxes(form).filter((box) => box.checked).length;
    if (line) line.textContent = n ? `勾了 ${n} 个` : "没有勾选";
  };
  document.addEventListener("change", (event) => {
    const all = event.target.dataset.tickAll;
    if (all) boxes(all).forEach((box) => { box.checked = event.target.checked; });
    const form = all || (event.target.name === "ids" && event.target.getAttribute("form"));
    if (form) count(form);
  });
  document.addEventListener("click", (event) => {
    const form = event.target.closest("[data-tick-answered]")?.dataset.tickAnswered;
    if (!form) return;
    boxes(form).forEach((box) => { box.checked = Boolean(box.closest("section").querySelector("[data-answered]")); });
    count(form);
  });
})();
