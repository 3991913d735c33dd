// Reads {name: {blocks, title?, submit?, page?}} from stdin and writes {name: html} to stdout. A title makes it a modal,
// page a page without the head of a message.
import { existsSync, readFileSync } from "node:fs";
import { createElement as h } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

// The library does not know data_table; its rows look as those of a table, below which Slack has pages.
function known(block) {
  if (block.type !== "data_table") return [block];
  const shown = block.rows.slice(0, block.page_size + 1);
  const rows = shown.map((row) => row.map((c) => (c.type === "raw_number" ? { type: "raw_text", text: c.text } : c)));
  const pages = Math.ceil((block.rows.length - 1) / block.page_size);
  const caption = { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: block.caption, style: { bold: true } }] }] };
  const foot = { type: "context", elements: [{ type: "plain_text", text: `page 1 of ${pages}` }] };
  return [caption, { type: "table", rows }, foot];
}

const logo = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="6" fill="#3b5bdb"/>' +
  '<path d="M8 25l7-9 5 5 8-12" fill="none" stroke="#fff" stroke-width="3"/></svg>');

// Slack reads mrkdwn that is `verbatim` and only looks for no links in it; the library takes it for plain text.
const read = (key, value) => (key === "verbatim" ? undefined : value);

// Slack draws emoji as pictures of its own, on every machine.
function pictured(html) {
  return html.replace(/\p{Emoji_Presentation}|\p{Emoji}\uFE0F/gu, (sign) => {
    const name = [...sign].map((c) => c.codePointAt(0).toString(16)).filter((c) => c !== "fe0f").join("-");
    const file = new URL(`node_modules/@twemoji/svg/${name}.svg`, import.meta.url);
    if (!existsSync(file)) return sign;
    return `<img class="emoji" alt="" src="data:image/svg+xml;base64,${readFileSync(file).toString("base64")}">`;
  });
}

let input = "";
for await (const chunk of process.stdin) input += chunk;
const drawn = {};
for (const [name, { blocks, title, submit, page }] of Object.entries(JSON.parse(input, read))) {
  const message = h(Message, {
    blocks: blocks.flatMap(known), logo, name: "BizAIOps", time: new Date("2026-03-02T14:02:11Z"), theme: "light",
    withoutWrapper: Boolean(title || page),
  });
  const modal = title && h("div", { className: "modal" }, h("h2", null, title), message,
    h("footer", null, h("span", null, "Cancel"), h("b", null, submit)));
  drawn[name] = pictured(renderToStaticMarkup(modal || message));
}
process.stdout.write(JSON.stringify(drawn));
