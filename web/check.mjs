// Opens verify.html from file:// in headless Chromium and checks every vector of testdata/bundles: the steps that fail must be those of
// vectors.json, and nothing may ask for a network. With SHOTS set it also leaves pictures of the page there.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { inflateRawSync } from 'node:zlib';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundles = join(root, 'testdata', 'bundles');
const page = pathToFileURL(join(root, 'internal', 'verify', 'web', 'verify.html')).href;
const vectors = JSON.parse(readFileSync(join(bundles, 'vectors.json'), 'utf8'));
const only = process.argv.slice(2);
const failures = [];
let probing = false; // the test itself tries the network, and the browser says so
const fail = (message) => { failures.push(message); console.log('FAIL ' + message); };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

async function open(options = {}) {
  const context = await browser.newContext(options);
  const tab = await context.newPage();
  tab.on('request', (r) => { if (r.url() !== page) fail(`the page asks for ${r.url()}`); });
  tab.on('pageerror', (e) => fail(`an error in the page: ${e.message}`));
  tab.on('console', (m) => { if (m.type() === 'error' && !probing) fail(`the console says: ${m.text()}`); });
  await tab.goto(page);
  return { context, tab };
}

const { context, tab } = await open();
let good = 0;
const list = vectors.filter((v) => only.length === 0 || only.includes(v.name));
for (const v of list) {
  const knows = {};
  for (const [to, name] of Object.entries({ older: v.since, log: v.log, policy: v.policy, authority: v.authority })) {
    if (name) knows[to] = readFileSync(join(bundles, name)).toString('base64');
  }
  const steps = await tab.evaluate(async ({ packed, knows, name }) => {
    const bytes = (s) => Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
    const options = {};
    for (const [k, s] of Object.entries(knows)) options[k] = k === 'log' ? atob(s).trim() : bytes(s);
    return window.checkBytes(bytes(packed), name, options);
  }, { packed: readFileSync(join(bundles, v.zip)).toString('base64'), knows, name: v.zip });
  const failed = steps.filter((s) => s.failed).map((s) => s.name).sort();
  const seen = v.fails.length === 0 || v.seen.includes('browser');
  if (!seen || JSON.stringify(failed) !== JSON.stringify([...v.fails].sort())) {
    fail(`${v.name} (${v.done}): ${JSON.stringify(failed)} failed, want ${JSON.stringify(v.fails)}\n` + steps.map((s) => `  ${s.number} ${s.name} ${s.failed ? 'FAILED' : 'ok'} ${s.says}`).join('\n'));
  } else good++;
  const shown = await tab.locator('#head').textContent();
  if (shown !== (failed.length > 0 ? 'Not verified' : 'Verified')) fail(`${v.name}: the page says ${shown}`);
}
console.log(`${good} of ${list.length} vectors as they should be, in Chromium ${browser.version()}`);

// As a reader does it: the zip through the input, what is known through the others, and the keyboard.
await tab.reload();
await tab.locator('#zip').setInputFiles(join(bundles, 'plain.zip'));
await tab.waitForFunction(() => document.getElementById('head').textContent === 'Verified');
if (await tab.locator('#steps li').count() !== 15 || await tab.locator('#claims li').count() === 0) fail('the page does not show 15 steps and the claims');
await tab.locator('summary').focus();
await tab.keyboard.press('Enter');
await tab.locator('#older').setInputFiles(join(bundles, 'alien.checkpoint'));
await tab.waitForFunction(() => document.getElementById('head').textContent === 'Not verified');
if (await tab.locator('#steps .failed .name').allTextContents().then((x) => x.join()) !== 'history') fail('another checkpoint does not fail history alone');

// The folder, unpacked.
function unpack(zip, to) {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  for (let i = 0, at = zip.readUInt32LE(end + 16); i < zip.readUInt16LE(end + 10); i++) {
    const name = zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)), local = zip.readUInt32LE(at + 42);
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28), packed = zip.subarray(from, from + zip.readUInt32LE(at + 20));
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), zip.readUInt16LE(at + 10) === 8 ? inflateRawSync(packed) : packed);
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
}
const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
unpack(readFileSync(join(bundles, 'redacted.zip')), folder);
await tab.reload();
await tab.locator('#folder').setInputFiles(join(folder, 'answer'));
await tab.waitForFunction(() => /erified/.test(document.getElementById('head').textContent));
if (await tab.locator('#head').textContent() !== 'Verified') fail(`the folder: ${await tab.locator('#says').textContent()}`);
rmSync(folder, { recursive: true });

// A network that a bundle or a script would try is closed by the policy of the page.
probing = true;
const tried = await tab.evaluate(async () => {
  const blocked = new Promise((ok) => document.addEventListener('securitypolicyviolation', (e) => ok(e.violatedDirective), { once: true }));
  const went = await fetch('https://probe.invalid/').then(() => true, () => false);
  return { went, why: await Promise.race([blocked, new Promise((ok) => setTimeout(() => ok('nothing'), 5000))]) };
}).catch((e) => ({ went: true, why: e.message }));
if (tried.went || tried.why !== 'connect-src') fail(`the policy of the page lets a request out: ${JSON.stringify(tried)}`);
await context.close();
probing = false;

if (process.env.SHOTS) {
  mkdirSync(process.env.SHOTS, { recursive: true });
  for (const width of [390, 1280]) for (const colorScheme of ['light', 'dark']) for (const name of ['nothing', 'policy', 'finding', 'redacted', 'zip-link']) {
    const { context, tab } = await open({ colorScheme, viewport: { width, height: 900 } });
    if (name !== 'nothing') {
      await tab.locator('#zip').setInputFiles(join(bundles, name + '.zip'));
      await tab.waitForFunction(() => /erified/.test(document.getElementById('head').textContent));
    } else await tab.locator('summary').click();
    if (await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth)) fail(`${name} at ${width}: wider than the window`);
    await tab.screenshot({ path: join(process.env.SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    await context.close();
  }
}
await browser.close();
console.log(failures.length === 0 ? 'ok' : `${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
