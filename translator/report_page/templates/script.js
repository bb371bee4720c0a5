"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll("#list > tr")];
  const sections = new Map([...document.querySelectorAll("details.rule")].map((each) => [each.dataset.rule, each]));

  let unfilter = () => {};
  const reveal = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (target?.closest("details.rule[hidden]")) unfilter();
    for (let each = target?.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
    target?.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  // A link to where one is already changes no hash.
  addEventListener("click", (event) => {
    if (location.hash && event.target.closest("a")?.getAttribute("href") === location.hash) reveal();
  });
  if (location.hash) reveal();

  const filter = byId("filter");
  if (!filter) return;
  const wanted = byId("wanted");
  const outcome = byId("outcome");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const show = () => {
    const words = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, at) => {
      const fits =
        (!outcome.value || row.dataset.verdict === outcome.value) && words.every((word) => texts[at].includes(word));
      row.hidden = !fits;
      sections.get(row.dataset.rule).hidden = !fits;
      count += fits;
    });
    byId("count").textContent = `${count} of ${rows.length} shown`;
  };
  const fold = (open) => {
    for (const each of sections.values()) if (!open || !each.hidden) each.open = open;
  };
  unfilter = () => {
    wanted.value = outcome.value = "";
    show();
  };
  wanted.addEventListener("input", show);
  outcome.addEventListener("change", show);
  byId("unfold").addEventListener("click", () => fold(true));
  byId("fold").addEventListener("click", () => fold(false));
  filter.hidden = false;
  byId("folding").hidden = false;
  show();
})();
