// The little that HTML and htmx cannot say: where a live post goes, scrolling, Enter, the theme, toasts, the confirm dialog.
"use strict";
const $ = (selector, root = document) => root.querySelector(selector);
const scroller = $("#scroller"), feed = $("#feed"), words = $("#words");
const freshId = () => (crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`);
const setIds = (root) => root.querySelectorAll("input[name=event_id]").forEach((input) => { input.value = freshId(); });

// Scrolling: follow new posts only while the reader is at the end.
const atEnd = () => !scroller || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;
const toEnd = () => { if (scroller) scroller.scrollTop = scroller.scrollHeight; $("#to-end")?.setAttribute("hidden", ""); };

// A live post comes inside its thread's frame. Known post: replace; known thread: add; else take the whole frame.
// Placing is idempotent, so a stream that begins again repeats without doubling.
function place(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  const frame = $(".thread", box.content), post = $(".post", box.content);
  if (!post) return;
  const known = document.getElementById(post.id), thread = document.getElementById(frame.id);
  if (known && Number(known.dataset.version) >= Number(post.dataset.version)) return;
  // A button that was just clicked stays until its answer is here: htmx can show nothing for an element that is gone.
  if (known && $(".htmx-request", known)) return known.addEventListener("htmx:afterRequest", () => place(html), { once: true });
  const follow = atEnd();
  if (known) keepOpen(known, post);
  if (post.dataset.replyTo) document.getElementById(`working-${post.dataset.replyTo}`)?.remove();
  $("#welcome")?.remove();
  if (known) known.replaceWith(post);
  else if (thread) $(".thread-posts", thread).append(post);
  else { setIds(frame); feed.append(frame); }
  if (!known) post.classList.add("fresh");
  htmx.process(thread || known ? post : frame);
  if (follow) toEnd(); else if (!known) $("#to-end")?.removeAttribute("hidden");
}
// What the reader had unfolded or focused stays so when a card is edited under them.
function keepOpen(old, fresh) {
  const folds = fresh.querySelectorAll("details");
  old.querySelectorAll("details").forEach((fold, i) => { if (fold.open && folds[i]) folds[i].open = true; });
  const buttons = [...old.querySelectorAll("button")], at = buttons.indexOf(document.activeElement);
  if (at >= 0) requestAnimationFrame(() => fresh.querySelectorAll("button")[at]?.focus());
}
document.body.addEventListener("htmx:sseBeforeMessage", (event) => { event.preventDefault(); place(event.detail.data); });
document.body.addEventListener("htmx:sseError", () => $("#offline")?.removeAttribute("hidden"));
document.body.addEventListener("htmx:sseOpen", () => $("#offline")?.setAttribute("hidden", ""));
$("#to-end")?.addEventListener("click", toEnd);

// Composer: Enter sends, the field grows with its text, an empty message is not sent, a sent one clears the field.
document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("textarea");
  if (field && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (field.value.trim()) field.form.requestSubmit();
  } else if (event.key === "/" && words && !event.target.closest?.("input, textarea, select") && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    words.focus();
  }
});
const grow = (field) => { field.rows = Math.min(8, field.value.split("\n").length); };
document.addEventListener("input", (event) => { if (event.target.matches("textarea")) grow(event.target); });
document.body.addEventListener("said", (event) => {
  const form = event.target.closest?.("form");
  if (!form) return;
  form.reset();
  form.querySelectorAll("textarea").forEach(grow);
  setIds(form);
  toEnd();
});

// The dashboard is asked for again only while someone can see it, and is left alone while it has not changed.
document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.path !== "/console/dashboard") return;
  if (document.hidden) event.preventDefault();
  event.detail.parameters.seen = $("#board").dataset.digest;
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const digest = event.detail.xhr.getResponseHeader("X-Digest");
  if (digest) event.detail.target.dataset.digest = digest;
});
document.body.addEventListener("htmx:sendError", () => toastText("The bot does not answer. Is it running?"));

// Toasts leave by themselves; errors stay a little longer (in the style sheet).
function toastText(text) {
  if ($("#toasts").childElementCount > 2) return;
  const note = document.createElement("div");
  note.className = "toast danger";
  note.append(Object.assign(document.createElement("p"), { textContent: text }));
  $("#toasts").append(note);
}
$("#toasts").addEventListener("animationend", (event) => { if (event.animationName === "toast-out") event.target.remove(); });
$("#toasts").addEventListener("click", (event) => { if (event.target.closest(".toast-close")) event.target.closest(".toast").remove(); });

// Questions before a dangerous click use the page's own dialog.
document.body.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  const dialog = $("#confirm"), reason = $("#confirm-reason"), button = event.detail.elt;
  $("#confirm-text").textContent = event.detail.question;
  reason.hidden = !button.hasAttribute("data-ask");
  reason.value = "";
  $("#confirm-yes").textContent = reason.hidden ? "Yes" : button.textContent;
  dialog.returnValue = "no";
  dialog.onclose = () => {
    if (dialog.returnValue !== "yes") return;
    if (!reason.hidden) button.dataset.reason = reason.value;
    event.detail.issueRequest(true);
  };
  dialog.showModal();
});
document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt.dataset?.reason !== undefined) event.detail.parameters.reason = event.detail.elt.dataset.reason;
});

// Theme: the server draws the page in the chosen one, so nothing flashes.
$("#theme").addEventListener("click", () => {
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
  document.cookie = `bizaiops_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
});

// Narrow screens show one pane at a time.
document.querySelectorAll("[data-show]").forEach((button) => button.addEventListener("click", () => {
  document.body.dataset.pane = button.dataset.show;
  document.querySelectorAll("[data-show]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  if (button.dataset.show === "chat") toEnd();
}));

setIds(document);
toEnd();
