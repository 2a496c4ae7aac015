// 设置 → 网站: the code to paste and the preview follow what is chosen.
(() => {
  const form = document.querySelector("#embed"), code = document.querySelector("#code"), preview = document.querySelector("#preview");
  const follow = () => {
    const chosen = Object.fromEntries(new FormData(form));
    const attributes = Object.entries(chosen).filter(([, value]) => value).map(([name, value]) => ` data-${name}="${value.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"`);
    code.textContent = `<script src="${code.dataset.src}"${attributes.join("")} defer></` + "script>";
    preview.src = `${preview.dataset.src}?${new URLSearchParams(chosen)}`;
  };
  form.addEventListener("change", follow);
  document.querySelector("#copy").addEventListener("click", async (event) => {
    try { await navigator.clipboard.writeText(code.textContent); event.target.textContent = "抄好了"; }
    catch { getSelection().selectAllChildren(code); event.target.textContent = "选好了，请按 Ctrl+C"; }
  });
})();
