"use strict";
// What a request costs, in whole numbers of the smallest part, so that no amount is rounded on the way.
(() => {
  const { currency, rates } = JSON.parse(document.getElementById("rates").textContent);
  const form = document.getElementById("calculate");
  const signs = { USD: "$", EUR: "€", GBP: "£", CNY: "CN¥" };
  const PLACES = 40;

  const exact = (text) => {
    const [whole, part = ""] = text.split(".");
    return BigInt(whole + part.padEnd(PLACES, "0"));
  };

  // The price that the page states for exactly this tier and length, or null: nothing is put together from two rules.
  const price = (meter, tier, prompt) => {
    const of = rates.filter((rate) => rate[0] === meter);
    const exceeded = of.filter((rate) => ["", tier].includes(rate[1]) && rate[2] < prompt).map((rate) => rate[2]);
    const step = Math.max(0, ...exceeded);
    const found = of.find((rate) => rate[1] === tier && rate[2] === step);
    return found ? exact(found[3]) : null;
  };

  const money = (amount) => {
    const digits = amount.toString().padStart(PLACES + 7, "0");
    const whole = digits.slice(0, -(PLACES + 6)).replace(/\B(?=(\d{3})+$)/g, ",");
    const part = digits.slice(-(PLACES + 6)).replace(/0+$/, "").slice(0, 10).padEnd(2, "0");
    const sign = signs[currency];
    return sign ? `${sign}${whole}.${part}` : `${whole}.${part} ${currency}`;
  };

  const count = (name) => {
    const text = form.elements[name].value.replace(/[,\s]/g, "");
    return /^\d{1,15}$/.test(text) ? BigInt(text) : null;
  };

  const show = () => {
    const [input, cached, output, requests] = ["input", "cached", "output", "requests"].map(count);
    const out = form.elements.total;
    if ([input, cached, output, requests].includes(null)) { out.value = "Numbers of tokens are whole numbers."; return; }
    if (cached > input) { out.value = "No more tokens can be cached than are sent."; return; }
    const tier = form.elements.tier ? form.elements.tier.value : "";
    let total = 0n;
    const missing = [];
    for (const [meter, tokens, name] of [
      ["input", input - cached, "input"], ["cache_read", cached, "cached input"], ["output", output, "output"]]) {
      if (!tokens) continue;
      const rate = price(meter, tier, Number(input));
      if (rate === null) missing.push(name); else total += rate * tokens;
    }
    const where = tier ? ` in the ${tier} tier` : "";
    out.value = missing.length
      ? `Cannot be said: the price of ${missing.join(" and ")}${where} is not sourced for this length.`
      : `${money(total)} a request, ${money(total * requests)} for ${requests.toLocaleString("en")}`;
  };

  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
