// Takes pictures of the pages of the tests, whole, at the widths of a telephone,
// of A4 and of a laptop, in light and dark, with folds shut and open, cut into
// heights that a person can look at one after the other.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const out = resolve(process.argv[2]);
const height = 1800, most = 12; // of a picture, in pixels; of a page, in pictures
const pages = mkdtempSync(join(tmpdir(), "report-"));
try {
  mkdirSync(out, { recursive: true });
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync("go", ["test", "./internal/page", "-count=1", "-run", "^TestPages$", "-pages", pages], { cwd: root, stdio: "inherit" });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  for (const name of ["harbour", "harbour.ar", "empty", "large"]) {
    for (const [width, colorScheme, open] of [[390, "light", false], [794, "light", false], [1280, "light", true], [1280, "dark", false]]) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      const page = await context.newPage();
      await page.goto(pathToFileURL(join(pages, `${name}.html`)).href);
      if (open) await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
      const tall = await page.evaluate(() => document.documentElement.scrollHeight);
      for (let i = 0; i < most && i * height < tall; i++) {
        const path = join(out, `${name}-${width}-${colorScheme}${open ? "-open" : ""}-${String(i).padStart(2, "0")}.png`);
        await page.screenshot({ path, fullPage: true, clip: { x: 0, y: i * height, width, height: Math.min(height, tall - i * height) } });
      }
      console.log(`${name}, ${width} wide, ${colorScheme}: ${tall} pixels high`);
      await context.close();
    }
  }
  await browser.close();
} finally {
  rmSync(pages, { recursive: true });
}
