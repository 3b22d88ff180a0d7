"use strict";
(function () {
  var text = document.querySelector("main").dataset;
  function each(q, f, root) { Array.prototype.forEach.call((root || document).querySelectorAll(q), f); }
  function make(tag, attrs, inner) {
    var e = document.createElement(tag);
    for (var k in attrs) e.setAttribute(k, attrs[k]);
    if (inner) e.textContent = inner;
    return e;
  }
  function value(row, i) {
    var c = row.cells[i];
    if (c.dataset.v !== undefined) return parseFloat(c.dataset.v);
    var s = c.textContent.trim();
    return /^[\d,.]+( %)?$/.test(s) ? parseFloat(s.replace(/,/g, "")) : s;
  }
  function sort(table, th, i) {
    var up = th.getAttribute("aria-sort") !== "ascending";
    each("th[aria-sort]", function (x) { x.removeAttribute("aria-sort"); }, table);
    th.setAttribute("aria-sort", up ? "ascending" : "descending");
    var body = table.tBodies[0], rows = Array.prototype.slice.call(body.rows);
    rows.sort(function (a, b) {
      var x = value(a, i), y = value(b, i);
      var d = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), document.documentElement.lang);
      return up ? d : -d;
    });
    rows.forEach(function (r) { body.appendChild(r); });
  }
  each("table.sortable", function (table) {
    if (!table.tHead || table.tBodies[0].rows.length < 2) return;
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (th, i) {
      if (th.classList.contains("picture")) return;
      var b = make("button", { type: "button", title: text.sort.replace("{column}", th.textContent) }, th.textContent);
      b.addEventListener("click", function () { sort(table, th, i); });
      th.textContent = "";
      th.appendChild(b);
      // Browsers do not repeat a head that holds a button on the next page of paper.
      th.appendChild(make("span", { "class": "paper" }, b.textContent));
    });
  });
  var serial = 0;
  function tool(before, label, field) {
    var id = "f" + ++serial, p = make("p", { "class": "tools" });
    field.id = id;
    p.appendChild(make("label", { "for": id }, label));
    p.appendChild(field);
    before.parentNode.insertBefore(p, before);
    return p;
  }
  each("table.filtered", function (table) {
    var rows = table.tBodies[0].rows, scroll = table.parentNode;
    if (rows.length < 6) return;
    var input = make("input", { type: "search", autocomplete: "off" });
    var shown = make("output", {});
    tool(scroll, text.filter, input).appendChild(shown);
    input.addEventListener("input", function () {
      var want = input.value.toLowerCase(), n = 0;
      Array.prototype.forEach.call(rows, function (r) {
        r.hidden = want !== "" && r.textContent.toLowerCase().indexOf(want) < 0;
        if (!r.hidden) n++;
      });
      shown.textContent = text.rows.replace("{n}", n).replace("{all}", rows.length);
    });
  });
  var claims = document.querySelectorAll("article.claim");
  if (claims.length > 1) {
    var select = make("select", {}), out = make("output", {});
    select.appendChild(make("option", { value: "" }, text.all));
    var names = {};
    Array.prototype.forEach.call(claims, function (c) { names[c.dataset.finding] = c.querySelector(".tag").textContent; });
    Object.keys(names).forEach(function (k) { select.appendChild(make("option", { value: k }, names[k])); });
    tool(document.querySelector("#claims .key"), text.show, select).appendChild(out);
    select.addEventListener("change", function () {
      var n = 0;
      Array.prototype.forEach.call(claims, function (c) {
        c.hidden = select.value !== "" && c.dataset.finding !== select.value;
        if (!c.hidden) n++;
      });
      out.textContent = text.rows.replace("{n}", n).replace("{all}", claims.length);
    });
    // A link to a claim that the filter hides shows all claims again.
    window.addEventListener("hashchange", function () {
      var t = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (t && t.closest("[hidden]")) {
        select.value = "";
        select.dispatchEvent(new Event("change"));
        t.scrollIntoView();
      }
    });
  }
  // Paper shows everything.
  window.addEventListener("beforeprint", function () {
    each("details:not([open])", function (d) { d.dataset.shut = "1"; d.open = true; });
    each("article.claim[hidden],tr[hidden]", function (e) { e.dataset.away = "1"; e.hidden = false; });
  });
  window.addEventListener("afterprint", function () {
    each("details[data-shut]", function (d) { delete d.dataset.shut; d.open = false; });
    each("[data-away]", function (e) { delete e.dataset.away; e.hidden = true; });
  });
})();
