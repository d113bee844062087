/** How a client embeds the search box: where the service is, where tokens come from, and what is done with what is opened. */

const search = document.querySelector("meta[name=office-search]")?.content ?? "http://127.0.0.1:8080/";

/** The host's own token source: its session decides who the user is. A token stays in this function's answer. */
async function getToken({ reason, signal }) {
  const response = await fetch(`/token?reason=${reason}`, { signal, cache: "no-store" });
  if (!response.ok) throw new Error("no session");
  return response.text();
}

class HostPanel extends HTMLElement {
  connectedCallback() {
    const second = document.createElement("office-search-box");
    second.id = "second";
    for (const [name, value] of Object.entries({ lang: "en", verticals: "docs,apps", theme: "dark", history: "off" })) second.setAttribute(name, value);
    this.attachShadow({ mode: "open" }).append(second);
    settle(second);
  }
}

function settle(box) {
  box.setAttribute("endpoint", search);
  box.getToken = getToken;
  // Links of the host's own for what has no address of its own.
  box.hrefOf = ({ vertical, id }) => `/open/${encodeURIComponent(vertical)}/${encodeURIComponent(id)}`;
}

function note(line) {
  const item = document.createElement("li");
  item.textContent = line;
  document.getElementById("log").prepend(item);
}

await import(new URL("web/office-search-box.js", search).href);
settle(document.getElementById("box"));
customElements.define("host-panel", HostPanel);

// Events come out of shadow roots; one listener hears both boxes.
document.addEventListener("office-open", (event) => {
  event.preventDefault();
  const { vertical, id, position, source } = event.detail;
  note(`office-open ${vertical}/${id} position=${position} source=${source}`);
});
document.addEventListener("office-search", ({ detail }) => note(`office-search ${detail.query} source=${detail.source}`));
document.addEventListener("office-clear", () => note("office-clear"));
document.addEventListener("office-error", ({ detail }) => note(`office-error ${detail.status} ${detail.title}`));
