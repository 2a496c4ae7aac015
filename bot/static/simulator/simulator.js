// The field is free again as soon as its words are on their way, so that the next ones can be written while an answer is made.
document.addEventListener("htmx:beforeSend", (event) => {
  const form = event.target.closest("form");
  if (!form) return;
  if (form.matches(".say") || form.querySelector("[type=file]")) form.reset();
  form.closest("details")?.removeAttribute("open");
});
