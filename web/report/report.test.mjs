// Tests of report.html in a browser: npm ci && npm test. They need Go, and
// Chromium at /usr/bin/chromium or where CHROMIUM says; without it they skip.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const skip = existsSync(executablePath) ? false : `no browser at ${executablePath}`;
const root = fileURLToPath(new URL("../..", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const names = ["harbour", "harbour.ar", "empty", "large"];
let browser, dir;

before(async () => {
  if (skip) return;
  dir = mkdtempSync(join(tmpdir(), "report-"));
  execFileSync("go", ["test", "./internal/page", "-count=1", "-run", "^TestPages$", "-pages", dir], { cwd: root, stdio: "inherit" });
  browser = await chromium.launch({ executablePath, args });
});

after(async () => {
  await browser?.close();
  if (dir) rmSync(dir, { recursive: true });
});

// open opens a page, and fails where it asks for anything or complains.
async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const seen = [];
  page.on("request", (r) => { if (!r.url().endsWith(`${name}.html`)) seen.push(r.url()); });
  page.on("console", (m) => seen.push(m.text()));
  page.on("pageerror", (e) => seen.push(String(e)));
  await page.goto(pathToFileURL(join(dir, `${name}.html`)).href);
  return { page, context, seen };
}

// words is what a page says, blanks apart.
const words = (page) => page.evaluate(() => {
  document.querySelectorAll(".tools").forEach((e) => e.remove());
  return document.body.innerText.replace(/\s+/g, " ").trim();
});

test("no page asks for anything or breaks its own policy", { skip }, async () => {
  for (const name of names) {
    const { context, seen } = await open(name);
    assert.deepEqual(seen, [], name);
    await context.close();
  }
});

test("no page is wider than its window", { skip }, async () => {
  for (const name of names) {
    for (const width of [320, 390, 794, 1280]) {
      const { page, context } = await open(name, { viewport: { width, height: 900 } });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${name} at ${width}: ${wide} pixels`);
      await context.close();
    }
  }
});

test("labels of drawings neither touch nor leave their drawing", { skip }, async () => {
  for (const name of names) {
    for (const width of [390, 1280]) {
      const { page, context } = await open(name, { viewport: { width, height: 900 } });
      const bad = await page.evaluate(() => {
        const out = [];
        for (const svg of document.querySelectorAll("svg[role=img]")) {
          const frame = svg.getBoundingClientRect();
          if (frame.width === 0) continue;
          const boxes = [...svg.querySelectorAll("text")].map((t) => ({ text: t.textContent, box: t.getBoundingClientRect() }));
          for (const [i, a] of boxes.entries()) {
            if (a.box.left < frame.left - 2 || a.box.right > frame.right + 2) out.push(`${a.text} leaves by ${Math.round(Math.max(frame.left - a.box.left, a.box.right - frame.right))}`);
            for (const b of boxes.slice(i + 1)) {
              if (a.box.left < b.box.right && b.box.left < a.box.right && a.box.top < b.box.bottom - 3 && b.box.top < a.box.bottom - 3) out.push(`${a.text} touches ${b.text}`);
            }
          }
        }
        return out.slice(0, 8);
      });
      assert.deepEqual(bad, [], `${name} at ${width}`);
      await context.close();
    }
  }
});

test("axe finds nothing serious, in light and dark, with everything open", { skip }, async () => {
  for (const name of ["harbour", "harbour.ar", "empty", "large"]) {
    for (const colorScheme of name === "large" ? ["light"] : ["light", "dark"]) {
      const { page, context } = await open(name, { colorScheme });
      await page.evaluate((big) => {
        document.querySelectorAll("details").forEach((d) => { d.open = true; });
        if (big) document.querySelectorAll("article.claim").forEach((c, i) => { if (i > 5) c.remove(); }); // the others are alike
        if (big) document.querySelectorAll("tbody").forEach((b) => [...b.rows].slice(60).forEach((r) => r.remove()));
      }, name === "large");
      // The policy lets no foreign script into the page: it comes by the protocol of the debugger.
      const session = await context.newCDPSession(page);
      await session.send("Runtime.evaluate", { expression: axe });
      const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      const bad = found.violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.length} x ${v.nodes[0].html.slice(0, 120)}: ${v.nodes[0].any.map((a) => a.message).join("; ").slice(0, 160)}`);
      assert.deepEqual(bad.filter((b) => /^(serious|critical)/.test(b)), [], `${name}, ${colorScheme}`);
      for (const b of bad) console.log(`${name}, ${colorScheme}: ${b}`);
      await context.close();
    }
  }
});

test("tables sort by what their cells mean, both ways, and say so", { skip }, async () => {
  const { page, context } = await open("harbour");
  const table = page.locator("#custody table.sortable").first();
  const column = async () => (await table.locator("tbody tr td:nth-child(3)").evaluateAll((cells) => cells.map((c) => Number(c.dataset.v))));
  const size = table.locator("thead button").nth(2);
  await size.click();
  assert.equal(await table.locator("thead th").nth(2).getAttribute("aria-sort"), "ascending");
  const up = await column();
  assert.ok(up.length > 4);
  assert.deepEqual(up, [...up].sort((a, b) => a - b));
  await size.click();
  assert.equal(await table.locator("thead th").nth(2).getAttribute("aria-sort"), "descending");
  assert.deepEqual(await column(), [...up].reverse());
  await table.locator("thead button").first().click();
  const kinds = await table.locator("tbody th").allTextContents();
  assert.deepEqual(kinds, [...kinds].sort((a, b) => a.localeCompare(b, "en")));
  assert.equal(await table.locator("[aria-sort]").count(), 1);
  await context.close();
});

test("rows and claims are filtered, and the page says how many are left", { skip }, async () => {
  const { page, context } = await open("harbour");
  await page.locator("#coverage details > summary").first().click();
  const input = page.locator("#coverage .tools input");
  await input.fill("never on");
  const shown = page.locator("#coverage table.filtered tbody tr:visible");
  assert.equal(await shown.count(), 2);
  assert.match(await page.locator("#coverage .tools output").textContent(), /2 of 37/);
  await input.fill("");
  assert.equal(await shown.count(), 37);
  const select = page.locator("#claims .tools select");
  await select.selectOption("undetermined");
  assert.equal(await page.locator("article.claim:visible").count(), 1);
  // A link to a claim that is filtered away shows it.
  await page.locator(".answers a", { hasText: "A1.1" }).click();
  await page.waitForFunction(() => document.getElementById("c-A1.1").offsetParent !== null);
  assert.equal(await page.locator("article.claim:visible").count(), 9);
  await context.close();
});

test("everything can be reached and worked with the keyboard alone", { skip }, async () => {
  const { page, context } = await open("harbour");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  const box = await page.locator(".skip").boundingBox();
  assert.ok(box.x >= 0 && box.width > 40, "the link that skips is seen when it has the focus");
  await page.keyboard.press("Enter");
  assert.equal(new URL(page.url()).hash, "#answer");
  const reached = new Set();
  let unseen = 0;
  for (let i = 0; i < 250; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement, style = getComputedStyle(e);
      const kind = e.tagName.toLowerCase() + (e.className ? "." + String(e.className).split(" ")[0] : "");
      if (e.tagName === "BODY") return null;
      return { kind, outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 };
    });
    if (!at) break;
    reached.add(at.kind.replace(/\..*/, ""));
    if (!at.outlined) unseen++;
  }
  for (const kind of ["a", "button", "select", "summary", "div", "input"]) assert.ok(reached.has(kind), `no ${kind} was reached: ${[...reached]}`);
  assert.equal(unseen, 0, "the focus is always seen");
  const sort = page.locator("#custody table.sortable thead button").first();
  await sort.focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#custody table.sortable thead th").first().getAttribute("aria-sort"), "ascending");
  const details = page.locator("#custody details").first();
  await details.locator("summary").focus();
  await page.keyboard.press("Space");
  assert.ok(await details.evaluate((d) => d.open));
  await context.close();
});

test("without scripts the page says the same", { skip }, async () => {
  for (const name of ["harbour", "harbour.ar", "empty"]) {
    const a = await open(name), b = await open(name, { javaScriptEnabled: false });
    // Scripts may not run in b, so that its text is read by the debugger.
    const session = await b.context.newCDPSession(b.page);
    const { result } = await session.send("Runtime.evaluate", { expression: "document.body.innerText.replace(/\\s+/g, ' ').trim()" });
    assert.equal(await words(a.page), result.value, name);
    assert.equal(await b.page.locator("button, input, select").count(), 0, "nothing is shown that does not work");
    await a.context.close();
    await b.context.close();
  }
});

test("paper shows what folds hide, with numbered pages", { skip }, async () => {
  const { page, context } = await open("harbour");
  for (const format of ["A4", "Letter"]) {
    const pdf = await page.pdf({ format, preferCSSPageSize: false, printBackground: false });
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  }
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  const last = await page.evaluate(() => {
    const rows = document.querySelectorAll("#custody details table tbody tr");
    return { n: rows.length, height: rows[rows.length - 1].getBoundingClientRect().height };
  });
  assert.ok(last.n >= 91 && last.height > 0, "the last exhibit is on paper");
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
  assert.equal(await page.locator("#custody details[open]").count(), 0);
  await context.close();
  // The same without scripts, as the program prints it.
  const bare = await open("harbour", { javaScriptEnabled: false });
  await bare.page.emulateMedia({ media: "print" });
  const session = await bare.context.newCDPSession(bare.page);
  let seen = false; // the browser changes to paper in its own time
  for (let i = 0; i < 50 && !seen; i++) {
    const { result } = await session.send("Runtime.evaluate", { expression: "[...document.querySelectorAll('#custody details table tbody tr')].at(-1).checkVisibility({contentVisibilityAuto: true})" });
    if (!(seen = result.value)) await new Promise((go) => setTimeout(go, 100));
  }
  assert.equal(seen, true);
  await bare.context.close();
  // Without pdftotext (poppler-utils) the text of the pages goes unread.
  if (existsSync("/usr/bin/pdftotext")) {
    const text = execFileSync("pdftotext", [join(dir, "harbour.pdf"), "-"]).toString();
    const pages = text.split("\f").slice(0, -1);
    pages.forEach((p, i) => assert.match(p, new RegExp(`\\b${i + 1} / ${pages.length}\\b`), `page ${i + 1}`));
    // A long table has its head on each of its pages, and the first page begins the answer.
    assert.ok(pages.filter((p) => p.includes("what is silent")).length > 2, "the gaps have a head on one page only");
    assert.ok(pages.filter((p) => p.includes("custodian and chain")).length > 4, "the exhibits have a head on one page only");
    assert.match(pages[0], /A1\.1\s/);
    for (const want of ["harbour: Alleged archive", "What was not looked at?", "How to check this", "28.12 %", "The drawing as a table"]) assert.ok(text.replace(/\s+/g, " ").includes(want), want);
  }
});

test("the page of harbour is light and opens at once", { skip }, async (t) => {
  const bytes = statSync(join(dir, "harbour.html")).size;
  assert.ok(bytes < 1_500_000, `${bytes} bytes`);
  for (const name of names) {
    const { page, context } = await open(name);
    const ms = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
    t.diagnostic(`${name}: ${statSync(join(dir, `${name}.html`)).size} bytes, loaded after ${Math.round(ms)} ms`);
    await context.close();
  }
});
