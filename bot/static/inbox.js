// The inbox: several conversations ticked at once, and what goes along with a reply.
(() => {
  const MOST = 10_000_000;
  const $ = (id) => document.getElementById(id);

  // --- several at once: the list is drawn anew whenever anything happens, so what is ticked is kept beside it
  const many = $("many"), ticked = new Set();
  const ticks = () => [...document.querySelectorAll("#inbox input[name=ids]")];
  const show = () => {
    ticks().forEach((box) => { box.checked = ticked.has(box.value); });
    many.hidden = ticked.size === 0;
    many.querySelector("[data-ticked]").textContent = ticked.size;
  };
  if (many) {
    document.addEventListener("change", (event) => {
      if (event.target.name !== "ids") return;
      if (event.target.checked) ticked.add(event.target.value); else ticked.delete(event.target.value);
      show();
    });
    document.addEventListener("click", (event) => {
      const tick = event.target.closest("[data-tick]"), away = event.target.closest("[data-away]");
      if (away) document.querySelector(away.dataset.away).replaceChildren();
      if (!tick) return;
      ticked.clear();
      if (tick.dataset.tick === "all") ticks().forEach((box) => ticked.add(box.value));
      show();
    });
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.target.id !== "inbox") return;
      const there = new Set(ticks().map((box) => box.value));
      ticked.forEach((id) => { if (!there.has(id)) ticked.delete(id); }); // taken or ended meanwhile
      show();
    });
    many.addEventListener("htmx:afterRequest", (event) => {
      if (!event.detail.successful || event.detail.elt !== many) return;
      ticked.clear();
      many.nonce.value = "";
      many.sentence.value = "";
      many.querySelectorAll("details").forEach((one) => { one.open = false; });
      show();
      document.body.dispatchEvent(new Event("fresh"));
      document.body.dispatchEvent(new Event("refresh"));
    });
  }

  // --- withdrawing: the button goes when it is too late
  setInterval(() => document.querySelectorAll(".withdraw").forEach((form) => { form.hidden = Date.now() / 1000 > Number(form.dataset.until); }), 3000);

  // --- a photo or a PDF beside the words, or instead of them
  const say = $("say"), attached = $("attached");
  if (!say) return;
  const file = say.elements.file, send = say.querySelector("button.btn-success");
  const chosen = () => file.files[0];
  const tell = () => {
    const one = chosen();
    attached.hidden = !one;
    say.elements.text.required = !one;
    if (one) attached.querySelector("span").textContent = `要发：${one.name}（${one.size < 1e6 ? Math.ceil(one.size / 1e3) + " KB" : (one.size / 1e6).toFixed(1) + " MB"}）`;
  };
  const take = (one) => {
    const holder = new DataTransfer();
    if (one) holder.items.add(one);
    file.files = holder.files;
    tell();
  };
  file.addEventListener("change", () => {
    if (chosen() && chosen().size > MOST) { alert("文件太大了，请发 10 MB 以内的。"); take(null); }
    tell();
  });
  attached.querySelector("button").addEventListener("click", () => { take(null); say.elements.text.focus(); });
  say.elements.text.addEventListener("paste", (event) => {
    const one = [...event.clipboardData.files].find((each) => /^image\/|pdf$/.test(each.type));
    if (one) { event.preventDefault(); take(one); }
  });
  say.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt === say && chosen()) { send.disabled = true; send.textContent = "正在发……"; } });
  say.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt !== say) return;
    send.disabled = false;
    send.textContent = "发送";
    if (event.detail.successful) take(null);
  });
})();
