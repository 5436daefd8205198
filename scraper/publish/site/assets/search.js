"use strict";
// Search in ids, names, models and providers: whole matches first, then beginnings, then anything that has all words.
(() => {
  const offers = JSON.parse(document.getElementById("index").textContent).map(([path, provider, id, name, model]) => ({
    path, provider, id, name, model, text: `${provider} ${id} ${name} ${model}`.toLowerCase(),
  }));
  const form = document.getElementById("search");
  const box = document.getElementById("q");
  const hits = document.getElementById("hits");
  const told = document.getElementById("found");
  const MOST = 60;

  const score = (offer, asked) => {
    const names = [offer.id, offer.name, offer.model].map((text) => text.toLowerCase());
    if (names.includes(asked)) return 0;
    if (names.some((text) => text.endsWith(`/${asked}`))) return 1;
    if (names.some((text) => text.startsWith(asked) || text.includes(`/${asked}`))) return 2;
    return 3;
  };

  const show = () => {
    const began = performance.now();
    const asked = box.value.trim().toLowerCase();
    hits.replaceChildren();
    told.textContent = "";
    if (!asked) return;
    const words = asked.split(/\s+/);
    const found = offers.filter((offer) => words.every((word) => offer.text.includes(word)))
      .map((offer) => [score(offer, asked), offer.text.length, offer]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [, , offer] of found.slice(0, MOST)) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `${offer.path}.html`;
      link.textContent = `${offer.id || offer.name} on ${offer.provider}`;
      const small = document.createElement("small");
      small.textContent = [offer.name !== offer.id ? offer.name : "", offer.model].filter(Boolean).join(" · ");
      item.append(link, small);
      hits.append(item);
    }
    told.textContent = `${found.length.toLocaleString("en")} found${found.length > MOST ? `, the first ${MOST} shown` : ""}`;
    hits.dataset.took = String(performance.now() - began);
  };

  box.value = new URLSearchParams(location.search).get("q") || "";
  box.addEventListener("input", show);
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  show();
  box.focus();
})();
