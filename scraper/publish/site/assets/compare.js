"use strict";
// The table of all offers: filtered and sorted here, a page of rows at a time.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const names = read("names");
  const reasons = read("reasons");
  const PAGE = 100;
  const form = document.getElementById("filters");
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const head = table.tHead.rows[0];
  // The columns after provider and id are the fields of the cells, in their order.
  const FIELDS = [...head.cells].slice(2).map((th) => th.firstElementChild.dataset.sort);
  const next = document.getElementById("next");
  const said = document.getElementById("count");

  const offers = read("offers").map(([path, provider, id, name, model, variant, , cells, others]) => ({
    path, provider, id: id || name, name, variant, cells, others,
    text: `${names[provider]} ${provider} ${id} ${name} ${model}`.toLowerCase(),
  }));

  const cell = (offer, field) => {
    const place = FIELDS.indexOf(field);
    return place < 0 ? offer.others[field] ?? 0 : offer.cells[place];
  };
  const shown = (value) => (Array.isArray(value) ? value[0] : value);
  const state = (value) => (typeof value === "number" ? "u" : shown(value) === "Not offered" ? "n" : "s");

  // Amounts sort as numbers, dollars before other currencies; dates and words as text; what has no value comes last.
  const key = (value) => {
    if (state(value) !== "s") return null;
    const text = shown(value);
    if (text === "Free") return [0, 0, ""];
    const found = /^(\D*?)([\d,]+(?:\.\d+)?)( [A-Z]{3})?$/.exec(text);
    if (!found) return [2, 0, text.toLowerCase()];
    return [found[1] === "$" || (!found[1] && !found[3]) ? 0 : 1, Number(found[2].replaceAll(",", "")), found[1] || found[3] || ""];
  };
  const order = (a, b) => (a[0] - b[0]) || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0) || (a[1] - b[1]);

  const keys = new Map();
  const keysOf = (field) => {
    if (!keys.has(field)) {
      keys.set(field, new Map(offers.map((offer) => [offer, field === "provider" || field === "id"
        ? [2, 0, `${field === "provider" ? names[offer.provider] : offer.id}`.toLowerCase()] : key(cell(offer, field))])));
    }
    return keys.get(field);
  };

  let sorted = { field: "", down: false };
  let found = offers;
  let rows = 0;

  const show = (value) => {
    const td = document.createElement("td");
    td.className = "n";
    if (typeof value === "number") {
      td.innerHTML = "<span class=none>Not sourced</span>";
      td.title = reasons[value];
    } else {
      td.textContent = shown(value);
      if (Array.isArray(value)) {
        for (const mark of value[1].split(" ")) {
          const badge = document.createElement("span");
          badge.className = `mark ${mark}`;
          badge.textContent = mark;
          td.append(" ", badge);
        }
      }
    }
    return td;
  };

  const extra = () => form.elements.more.value;

  const row = (offer) => {
    const tr = document.createElement("tr");
    const name = document.createElement("td");
    name.textContent = names[offer.provider];
    const id = document.createElement("th");
    id.scope = "row";
    id.className = "id";
    const link = document.createElement("a");
    link.href = `${offer.path}.html`;
    link.textContent = offer.id;
    id.append(link);
    if (offer.name && offer.name !== offer.id) {
      const small = document.createElement("small");
      small.textContent = ` ${offer.name}`;
      id.append(small);
    }
    tr.append(name, id);
    if (extra()) tr.append(show(cell(offer, extra())));
    for (const value of offer.cells) tr.append(show(value));
    return tr;
  };

  const more = () => {
    body.append(...found.slice(rows, rows + PAGE).map(row));
    rows = Math.min(found.length, rows + PAGE);
    next.hidden = rows >= found.length;
    said.textContent = `${found.length.toLocaleString("en")} of ${offers.length.toLocaleString("en")} offers`
      + (rows < found.length ? `, the first ${rows.toLocaleString("en")} shown` : "");
  };

  const heading = () => {
    head.querySelector("[data-extra]")?.remove();
    if (!extra()) return;
    const option = form.elements.more.selectedOptions[0];
    const th = document.createElement("th");
    th.scope = "col";
    th.className = "n";
    th.dataset.extra = "";
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.sort = option.value;
    button.textContent = option.textContent;
    th.append(button);
    head.insertBefore(th, head.cells[2]);
  };

  const update = () => {
    const began = performance.now();
    const words = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const provider = form.elements.provider.value;
    const field = extra() && form.elements.field.value === "" ? extra() : form.elements.field.value;
    const wanted = form.elements.state.value;
    const most = form.elements.most.value.trim();
    const limit = /^\d+(\.\d+)?$/.test(most) ? Number(most) : null;
    found = offers.filter((offer) => {
      if (provider && offer.provider !== provider) return false;
      if (words.length && !words.every((word) => offer.text.includes(word))) return false;
      const value = cell(offer, field);
      if (wanted && state(value) !== wanted) return false;
      if (limit !== null) {
        const at = keysOf(field).get(offer);
        if (!at || at[0] !== 0 || at[1] > limit) return false;
      }
      return true;
    });
    if (sorted.field) {
      const by = keysOf(sorted.field);
      const sign = sorted.down ? -1 : 1;
      found.sort((one, other) => {
        const a = by.get(one);
        const b = by.get(other);
        if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1);
        return sign * order(a, b);
      });
    }
    for (const th of head.cells) {
      const button = th.querySelector("button");
      if (button && button.dataset.sort === sorted.field) th.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
    rows = 0;
    body.replaceChildren();
    more();
    table.dataset.took = String(performance.now() - began);
  };

  head.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-sort]");
    if (!button) return;
    sorted = { field: button.dataset.sort, down: sorted.field === button.dataset.sort && !sorted.down };
    update();
  });
  form.addEventListener("input", () => { heading(); update(); });
  form.addEventListener("reset", () => setTimeout(() => { sorted = { field: "", down: false }; heading(); update(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  next.addEventListener("click", more);
  const asked = new URLSearchParams(location.search);
  if (asked.get("q")) form.elements.q.value = asked.get("q");
  if (asked.get("provider")) form.elements.provider.value = asked.get("provider");
  form.hidden = false;
  table.hidden = false;
  update();
})();
