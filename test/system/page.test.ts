// The HTML page in a real browser: what it shows, and that it asks nobody for anything.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as example from '../../src/build/page-example.ts';
import { pageText } from '../../src/build/page-example.ts';
import { auditRun } from '../../src/schema/audit-run.ts';
import type { AnyRow } from '../../src/schema/column.ts';
import { endpoint, type Endpoint } from '../../src/schema/endpoint.ts';
import { finding } from '../../src/schema/finding.ts';
import type { AskRemote } from '../../src/system/remote.ts';
import { endpoints } from '../bench/formats.ts';
import { run, temporaryFolder } from '../support/harness.ts';
import { looker, type Look, type Looker } from '../support/page.ts';
import { noPowerShell, plain, pwsh } from '../support/powershell.ts';
import { readCsv } from '../support/read-formats.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('page');
const browser = await looker();

/** A test that needs a browser. */
function inBrowser(name: string, work: (look: Looker['look']) => Promise<void>): void {
  test(name, async (context) => {
    if (typeof browser === 'string') return skip(browser, context as TestContext);
    await work(browser.look);
  });
}

const auditPage = () =>
  pageText(finding, example.findings, {
    exitCode: 1,
    summary: 'audit of SERVER7: 3 findings (1 High, 1 Medium, 1 Low), 24 listeners',
    problems: [{ severity: 'Warning', code: 'PO3002', message: 'the owner of 2 sockets cannot be seen', hint: 'Run as administrator.' }],
    background: async () => example.background,
  });
const allPage = () => pageText(endpoint, [...example.listeners, ...example.connections], { background: async () => ({ ranges: example.ranges }) });

/** The texts of a column, of the rows that are seen. */
async function column({ texts }: Look, name: string): Promise<string[]> {
  const at = (await texts('#viewport th')).indexOf(name) + 1;
  assert.ok(at > 0, name);
  return texts(`#viewport tr[data-index] td:nth-child(${at})`);
}

/** What accessibility rules of axe a page breaks. */
async function broken({ page }: Look): Promise<string[]> {
  await page.evaluate(`${axe.source};0`);
  return page.evaluate(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`,
  );
}

/** Asserts that a page wrote nothing to its console and asked for nothing but itself. */
function assertQuiet({ page }: Look): void {
  assert.equal(page.messages, []);
  assert.equal(
    page.requests.filter((url) => !/^(?:file:.*\.html$|data:,$|blob:)/.test(url)),
    [],
  );
}

inBrowser('an audit: the verdict, the findings, the pictures, and the list', async (look) => {
  const seen = await look(await auditPage());
  assert.equal(await seen.texts('.verdict'), ['3 findings']);
  assert.equal(await seen.texts('.facts li'), ['1 High', '1 Medium', '1 Low']);
  assert.equal(await seen.texts('.card h3'), ['High Forbidden: TCP 0.0.0.0:8080', 'Medium Exposed: TCP 0.0.0.0:27017', 'Low Opened: TCP 127.0.0.1:9229']);
  assert.ok((await seen.texts('.card li')).includes('Stop-PortOwner 8080'));
  assert.match((await seen.texts('.problems')).join(), /the owner of 2 sockets cannot be seen PO3002Run as administrator/);
  assert.equal(await seen.texts('h2'), ['Findings', 'What could not be determined', 'The port space', 'The last nights', 'The whole list']);
  assert.equal(await seen.texts('.wide svg > title'), ['Ports in use on SERVER7', 'The last 30 audits of SERVER7']);
  assert.match((await seen.texts('.wide svg > desc'))[0]!, /Well-known ports, 0 to 1023: 8 in use\..*Excluded or reserved: TCP 5357–5357, TCP 50000–50059/);
  assert.equal(await seen.texts('.tabs button'), ['Listeners 24', 'Findings 3', 'Audits 30']);
  assert.is((await column(seen, 'Local port'))[0], '80');
  await seen.click('.tabs button:nth-child(2)');
  assert.equal(await column(seen, 'Kind'), ['Forbidden', 'Exposed', 'Opened']);
  // A mark in the picture of the ports shows its rows, whatever list was there before.
  await seen.page.evaluate(`document.querySelector('.wide [data-find="3389"]').dispatchEvent(new MouseEvent('click', { bubbles: true }))`);
  assert.equal(await column(seen, 'Owner'), ['TermService (svchost, 1288)']);
  assertQuiet(seen);
});

inBrowser('who talks to whom', async (look) => {
  const { texts } = await look(await allPage());
  assert.equal(await texts('.verdict'), ['24 ports in use by 12 programs']);
  const links = await texts('.wide .link title');
  assert.ok(links.includes('lsass to 10.0.0.30 389: 6'), links.join('; '));
  assert.ok(links.includes('13 others to 443 IIS: 15'), links.join('; '));
  assert.match((await texts('.wide svg > desc')).at(-1)!, /^96 connections\. Most: /);
});

inBrowser('searching, filtering, and sorting', async (look) => {
  const seen = await look(await allPage());
  const count = async () => (await seen.texts('p.count'))[0];
  assert.is(await count(), '120 rows');
  await seen.page.evaluate(`document.getElementById('search').focus()`);
  await seen.page.type('SQLSERVR established');
  assert.is(await count(), '16 of 120 rows');
  assert.ok((await column(seen, 'Owner')).every((text) => text.includes('sqlservr')));
  await seen.page.evaluate(`document.getElementById('search').value = ''`);
  await seen.page.type('localport:80');
  assert.is(await count(), '9 of 120 rows');
  await seen.page.evaluate(`(() => { const one = document.getElementById('search'); one.value = ''; one.dispatchEvent(new Event('input')); })()`);
  await seen.page.evaluate(
    `(() => { const one = document.querySelector('select[data-column=State]'); one.value = [...one.options].find(({ text }) => text === 'Listen').value; one.dispatchEvent(new Event('change')); })()`,
  );
  assert.is(await count(), '18 of 120 rows');

  const header = async (name: string): Promise<string> => `#viewport th:nth-child(${(await seen.texts('#viewport th')).indexOf(name) + 1})`;
  await seen.click(`${await header('Local port')} button`);
  const ports = (await column(seen, 'Local port')).map(Number);
  assert.equal(
    ports,
    ports.toSorted((a, b) => a - b),
  );
  assert.is(await seen.page.evaluate(`document.querySelector(${JSON.stringify(await header('Local port'))}).ariaSort`), 'ascending');
  await seen.click(`${await header('Local port')} button`);
  assert.equal((await column(seen, 'Local port')).map(Number), ports.toReversed());
  // A mark in the picture of the ports shows its rows.
  await seen.page.evaluate(`document.querySelector('.wide [data-find="3389"]').dispatchEvent(new MouseEvent('click', { bubbles: true }))`);
  assert.equal([...new Set(await column(seen, 'Local port'))], ['3389']);
  assert.is(await count(), '9 of 120 rows');
  assertQuiet(seen);
});

inBrowser('the keyboard alone', async (look) => {
  const seen = await look(await pageText(endpoint, [...endpoints(500)]));
  const focused = (): Promise<string> => seen.page.evaluate(`document.activeElement.closest('tr')?.dataset.index ?? document.activeElement.id`);
  await seen.page.evaluate(`document.querySelector('.open').focus()`);
  for (let i = 0; i < 40; i++) await seen.page.press('ArrowDown', 40);
  assert.is(await focused(), '40');
  assert.ok(await seen.page.evaluate(`document.activeElement.getBoundingClientRect().bottom <= document.getElementById('viewport').getBoundingClientRect().bottom`), 'it is seen');
  await seen.page.press('ArrowUp', 38);
  await seen.page.press('Enter', 13);
  assert.is(await seen.page.evaluate(`document.querySelector('dialog').open`), true);
  assert.equal(await seen.texts('dialog pre'), [`Get-PortOwner -Port 40 -Protocol TCP -RemotePort 2233 -Address '10.0.0.39'`]);
  await seen.page.press('Escape', 27);
  assert.is(await seen.page.evaluate(`document.querySelector('dialog').open`), false);
  assert.is(await focused(), '39');
});

inBrowser('copying a row, and downloading what is shown', async (look) => {
  const seen = await look(await allPage());
  await seen.page.evaluate(`navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };
    URL.createObjectURL = (blob) => { window.blob = blob; return 'data:,'; }; HTMLAnchorElement.prototype.click = function () { window.file = this.download; };`);
  await seen.page.evaluate(`document.getElementById('search').focus()`);
  await seen.page.type('localport:1433 listen');
  await seen.click('tr[data-index="0"] .open');
  await seen.click('#copy');
  assert.is(await seen.page.evaluate('copied'), "Get-PortOwner -Port 1433 -Protocol TCP -Address '0.0.0.0'");
  await seen.click('#copy-object');
  assert.match(
    await seen.page.evaluate('copied'),
    /^\[pscustomobject\]@\{ PSTypeName = 'PortOwner\.Endpoint'; Protocol = 'TCP'; .*Services = @\('MSSQLSERVER'\); .*StartTime = \[datetime\]'2026-05-03T22:14:07Z';/,
  );
  await seen.click('#close');
  await seen.click('#download');
  assert.is(await seen.page.evaluate('file'), 'portowner-SERVER7-2026-05-04-rows.csv');
  // Blob.text() would take the byte order mark away.
  const bytes = Buffer.from(await seen.page.evaluate<number[]>('blob.arrayBuffer().then((buffer) => [...new Uint8Array(buffer)])'));
  const text = bytes.toString('utf8');
  assert.is(text[0], '\ufeff');
  assert.equal(
    readCsv(text.slice(1)).map((row) => [row['LocalPort'], row['Owner']]),
    [['1433', 'MSSQLSERVER (sqlservr, 3120)']],
  );
});

inBrowser('of several machines, the copied command asks the one of the row', async (look) => {
  const names = ['SERVER7', 'server8.corp.example', "x'; Remove-Item y"];
  const rows = names.map((ComputerName) => Object.assign({}, example.listeners[0], { ComputerName }));
  const { page, click, texts } = await look(await pageText(endpoint, rows));
  const commands: string[][] = [];
  for (const i of names.keys()) {
    await click(`tr[data-index="${i}"] .open`);
    commands.push(await texts('dialog pre'));
    await page.evaluate(`document.getElementById('close').click()`);
  }
  const asked = "Get-PortOwner -Port 80 -Protocol TCP -Address '0.0.0.0'";
  assert.equal(commands, [[`${asked} -ComputerName 'SERVER7'`], [`${asked} -ComputerName 'server8.corp.example'`], []]);
});

inBrowser('of machines that were queried over SSH, the copied command uses SSH, too', async (look) => {
  const remote: AskRemote = async ({ host }) => {
    const text = `#PortOwner.Collection 1 plain\n@machine\n platform win32\n name ${host.toUpperCase()}\n release 10.0.1\n architecture AMD64\n at 2026-01-02T03:04:05Z\n@cim/tcp\n 0.0.0.0,80,0.0.0.0,0,2,7,0\n@cim/udp\n@cim/processes\n 7,1,"web.exe","",0,""\n#End\n`;
    return { output: Buffer.from(text), errors: '', exitCode: 0, failure: null };
  };
  for (const hosts of [['server7'], ['server7', 'server8']]) {
    const file = join(temporaryFolder(), 'far.html');
    assert.is((await run(['80', ...hosts.flatMap((host) => ['--host', host]), '--output', file], { remote })).code, 0);
    const { click, texts } = await look(readFileSync(file, 'utf8'));
    await click('tr[data-index="0"] .open');
    assert.equal(await texts('dialog pre'), ["Get-PortOwner -Port 80 -Protocol TCP -Address '0.0.0.0' -HostName 'SERVER7'"], hosts.join());
  }
});

inBrowser('labels of a crowded picture touch neither each other nor the marks', async (look) => {
  const crowd = (amount: number): Endpoint[] =>
    Array.from({ length: amount }, (_, i) => {
      const one = example.listeners[i % example.listeners.length]!;
      const port = i < 24 ? one.LocalPort! : i % 3 === 0 ? 49_152 + ((i * 7919) % 16_384) : 1024 + ((i * 104_729) % 9000);
      return { ...one, LocalPort: port, Application: ['svchost', 'java -jar orders.jar', 'containerd-shim-runc-v2', 'a\u202eb\u0007\u200b'][i % 4]!, Owner: 'x' };
    });
  for (const [amount, isWhole] of [
    [24, true],
    [100, false],
    [300, false],
  ] as const)
    for (const width of [1366, 390]) {
      const { page, texts } = await look(await pageText(endpoint, crowd(amount)), { width, height: 900 });
      const crossings = await page.evaluate<string[]>(`(() => {
        const shown = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length > 0);
        const boxes = (selector) => shown(selector).map((one) => ({ name: one.textContent, box: one.getBoundingClientRect() }));
        const labels = boxes('svg text.label');
        const others = [...labels, ...boxes('svg circle'), ...boxes('svg text.tick'), ...boxes('svg text.band')];
        const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4;
        return labels.flatMap((one) => others.filter((other) => other.box !== one.box && meet(one.box, other.box)).map((other) => one.name + ' / ' + other.name));
      })()`);
      assert.equal(crossings, [], `${amount} at ${width}`);
      const notes = (await texts(width === 1366 ? 'figure .wide p' : 'figure .narrow p')).join();
      const marks = width === 1366 ? 'figure .wide' : 'figure .narrow';
      const [labels, all] = [(await texts(`${marks} svg text.label`)).length, (await texts(`${marks} svg g.mark`)).length];
      if (!isWhole) assert.ok(labels < all, `${labels} of ${all}`);
      if (labels === all) assert.is(notes, '');
      else assert.match(notes, `${labels} of ${all} marks have a label`);
    }
});

const hostile = [
  '</script><script>window.hit = 1</script>',
  '<img src=x onerror="window.hit = 1">',
  '"><svg onload=window.hit=1>',
  '<!--<script>',
  'safe\u202egnp.exe',
  "it's ‘quoted’; Remove-Item x",
  '=HYPERLINK("http://example.org")',
  '${alert(1)} {{x}} &lt;b&gt;',
  'x'.repeat(20_000),
  '\u0000\u001b[31m\ud800',
];

inBrowser('hostile names stay text', async (look) => {
  const rows = hostile.map((name, i): AnyRow => ({
    ...example.listeners[i]!,
    ImageName: name,
    Application: name,
    Owner: name,
    Services: [name],
    UserName: name,
    ComputerName: name,
  }));
  const findings = hostile.map((name): AnyRow => ({
    ...example.findings[0]!,
    Kind: name,
    Endpoint: name,
    Owner: name,
    Evidence: [name],
    Remedy: [name],
    Rule: name,
    ComputerName: name,
  }));
  const problems = hostile.map((message) => ({ severity: 'Warning', code: 'PO3002', message, hint: message }) as const);
  for (const page of [
    await pageText(endpoint, rows, { problems, note: hostile.join('\n'), headline: hostile[0]! }),
    await pageText(finding, findings, { exitCode: 1, problems, summary: hostile[1]!, background: async () => ({ ...example.background, listeners: rows as never }) }),
  ]) {
    const seen = await look(page);
    await seen.click('tr[data-index="1"] .open');
    assert.is(await seen.page.evaluate('window.hit'), undefined);
    assert.is(await seen.page.evaluate(`document.querySelectorAll('img, iframe, b, main script').length`), 0);
    assert.not.match(await seen.page.evaluate('document.body.innerText'), /\u202e|\u001b/);
    assert.ok((await seen.page.evaluate<number>('document.documentElement.scrollWidth')) <= 1280, 'a long name makes no page wider');
    assertQuiet(seen);
  }
});

test('a copied row is the same object in PowerShell, and nothing in it runs', async (context) => {
  if (typeof browser === 'string') return skip(browser, context as TestContext);
  if (pwsh === null) return skip(noPowerShell, context as TestContext);
  const names = [...hostile.filter((name) => name.length < 1000), "'; throw 'x'; '", '’; throw "x"; ’', '$(throw 1) `$x', '\r\nthrow\n', '\u2028👍🏽\udc00'];
  const seen = await browser.look(
    await pageText(
      endpoint,
      names.map((Owner, i): AnyRow => Object.assign({}, example.listeners[i], { Owner, Services: [Owner, 'second'] })),
    ),
  );
  await seen.page.evaluate(`navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }`);
  const folder = mkdtempSync(join(tmpdir(), 'portowner-copied-'));
  try {
    const copied: string[] = [];
    for (const i of names.keys()) {
      await seen.click(`tr[data-index="${i}"] .open`);
      await seen.click('#copy-object');
      copied.push(await seen.page.evaluate<string>('copied'));
      await seen.click('#close');
    }
    assert.not.match(copied.join(''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u, 'a console that it is pasted into acts on nothing');
    const script = join(folder, 'copied.ps1');
    const units = `{ param($text) ,@([int[]][char[]]$text) }`;
    writeFileSync(
      script,
      `\ufeff$units = ${units}\nConvertTo-Json -Depth 5 -InputObject @(${copied.map((text) => `(${text})`).join(',\n')} | ForEach-Object { @{ Owner = & $units $_.Owner; Service = & $units $_.Services[0]; Port = $_.LocalPort; Type = $_.PSTypeNames[0]; Start = $_.StartTime.GetType().Name } })`,
    );
    const { stdout, stderr, status } = spawnSync(pwsh, [...plain, '-File', script], { encoding: 'utf8' });
    assert.is(status, 0, stderr);
    const unitsOf = (text: string): number[] => text.split('').map((unit) => unit.charCodeAt(0));
    assert.equal(
      JSON.parse(stdout),
      names.map((name, i) => ({ Owner: unitsOf(name), Service: unitsOf(name), Port: example.listeners[i]!.LocalPort, Type: 'PortOwner.Endpoint', Start: 'DateTime' })),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const dark of [false, true])
  for (const width of [1280, 390])
    inBrowser(`axe finds nothing: ${dark ? 'dark' : 'light'}, ${width} pixels wide`, async (look) => {
      for (const text of [await auditPage(), await allPage()]) {
        const seen = await look(text, { width, dark });
        assert.is(await seen.page.evaluate(`matchMedia('(prefers-color-scheme: dark)').matches`), dark);
        assert.equal(await broken(seen), []);
        await seen.click('tr[data-index="0"] .open');
        assert.equal(await broken(seen), []);
        assert.ok((await seen.page.evaluate<number>('document.documentElement.scrollWidth')) <= width, 'nothing is wider than the page');
      }
    });

inBrowser('without scripts: the first 500 rows', async (look) => {
  const seen = await look(await pageText(endpoint, [...endpoints(600)]), { scripts: false });
  assert.equal(await seen.texts('.plain caption'), ['Ports: the first 500 of 600']);
  assert.is((await seen.texts('.plain tbody tr')).length, 500);
  assert.is(await seen.page.evaluate(`getComputedStyle(document.querySelector('.plain')).display`), 'block');
  assert.equal(await seen.texts('#app *'), []);
});

inBrowser('on paper: what is shown, in light colors', async (look) => {
  const seen = await look(await auditPage(), { dark: true });
  await seen.page.evaluate(`document.getElementById('search').focus()`);
  await seen.page.type('udp');
  const pdf = await seen.page.pdf();
  assert.is(pdf.subarray(0, 5).toString(), '%PDF-');
  assert.is((await seen.texts('#print tbody tr')).length, 6);
  await seen.page.send('Emulation.setEmulatedMedia', { media: 'print' });
  const shown = (selector: string): Promise<string> => seen.page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).display`);
  assert.equal([await shown('#print'), await shown('#app'), await shown('.plain'), await shown('.narrow')], ['block', 'none', 'none', 'none']);
  assert.is(await seen.page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)');
  // The heading and the legend of the ports are on the page of their picture.
  assert.is(await seen.page.evaluate(`getComputedStyle(document.querySelector('.legend').parentElement).breakInside`), 'avoid');
});

inBrowser('several machines, and the choice of one', async (look) => {
  const others = ['SERVER8', 'SERVER9'].flatMap((ComputerName) => example.listeners.slice(0, 5).map((row): AnyRow => Object.assign({}, row, { ComputerName })));
  const seen = await look(await pageText(endpoint, [...example.listeners, ...others], { background: async () => ({ ranges: example.ranges }) }));
  assert.equal(await seen.texts('h1'), ['Ports of SERVER7, SERVER8, SERVER9']);
  assert.equal(await seen.texts('#machine option'), ['All 3 machines', 'SERVER7', 'SERVER8', 'SERVER9']);
  const visible = (): Promise<string[]> => seen.page.evaluate(`[...document.querySelectorAll('figure')].filter((one) => !one.hidden).map((one) => one.dataset.machine)`);
  assert.equal(await visible(), ['SERVER7', 'SERVER8', 'SERVER9']);
  await seen.page.evaluate(`(() => { const one = document.getElementById('machine'); one.value = 'SERVER8'; one.dispatchEvent(new Event('change')); })()`);
  assert.equal(await visible(), ['SERVER8']);
  assert.equal(await seen.texts('p.count'), ['5 of 34 rows']);
  assert.equal(await broken(seen), []);
});

inBrowser('a chosen machine without connections has no empty card, and the verdict says that it is of all', async (look) => {
  const named = <R extends object>(rows: readonly R[], ComputerName: string): (R & { ComputerName: string })[] => rows.map((row) => ({ ...row, ComputerName }));
  const seen = await look(await pageText(endpoint, [...named([...example.listeners, ...example.connections], 'SERVER7'), ...named(example.listeners, 'SERVER8')]));
  const visible = (selector: string): Promise<string[]> =>
    seen.page.evaluate(`[...document.querySelectorAll('${selector}')].filter((one) => one.offsetParent !== null).map((one) => one.textContent)`);
  const choose = (machine: string): Promise<unknown> =>
    seen.page.evaluate(`(() => { const one = document.getElementById('machine'); one.value = '${machine}'; one.dispatchEvent(new Event('change')); })()`);
  const all = ['Machines', 'The port space', 'Who talks to whom', 'The whole list'];
  assert.equal(await visible('h2'), all);
  assert.equal(await visible('#of-all'), []);
  await choose('SERVER8');
  assert.equal(
    await visible('h2'),
    all.filter((title) => title !== 'Who talks to whom'),
  );
  assert.equal(await visible('#of-all'), ['This is the answer for all 2 machines.']);
  await choose('');
  assert.equal(await visible('h2'), all);
  assert.equal(await visible('#of-all'), []);
});

inBrowser('a row of several machines says which one it belongs to, on a phone too', async (look) => {
  const rows = ['SERVER7', 'SERVER8'].flatMap((ComputerName) => example.listeners.map((row) => Object.assign({}, row, { ComputerName })));
  const text = await pageText(endpoint, rows);
  for (const width of [390, 1366]) {
    const seen = await look(text, { width });
    const [headings, first] = [await seen.texts('#viewport th'), await seen.texts('tr[data-index="0"] td')];
    if (width === 390) assert.equal([headings, first[0]], [['Protocol', 'Local port', 'Owner'], 'TCP SERVER7']);
    else assert.equal([headings[1], first[1]], ['Computer name', 'SERVER7']);
    assert.is(await seen.page.evaluate(`document.querySelector('tr[data-index="0"]').getBoundingClientRect().height <= 35`), true);
    await seen.click('tr[data-index="0"] .open');
    assert.match((await seen.texts('#row-title'))[0]!, /^TCP 80 .* SERVER7$/);
  }
});

inBrowser('a machine with characters that nobody sees can be chosen', async (look) => {
  const names = ['SERVER7', 'a\u202eb', 'c\u0001'];
  const rows = names.flatMap((ComputerName) => example.listeners.map((row) => Object.assign({}, row, { ComputerName })));
  const { page } = await look(await pageText(endpoint, rows));
  for (const [i, name] of names.entries()) {
    await page.evaluate(`(() => { const one = document.getElementById('machine'); one.selectedIndex = ${i + 1}; one.dispatchEvent(new Event('change')); })()`);
    assert.is(await page.evaluate(`[...document.querySelectorAll('figure')].filter((one) => !one.hidden).length`), 1, JSON.stringify(name));
    assert.is(await page.evaluate(`document.querySelectorAll('#viewport tr[data-index]').length > 0`), true, JSON.stringify(name));
  }
});

inBrowser('the first column is readable, however wide the others are', async (look) => {
  const runs = example.runs.map((run, i) => Object.assign({}, run, { ComputerName: 'a-very-long-name'.repeat(3) + (i % 2) }));
  for (const width of [390, 1280]) {
    const { page } = await look(await pageText(auditRun, runs), { width });
    await page.evaluate(`document.querySelectorAll('.columns input:not(:checked)').forEach((one) => one.click())`);
    const [inside, across] = await page.evaluate<[number, number]>(
      `(() => { const one = document.querySelector('#viewport .open'); return [one.scrollWidth, one.clientWidth]; })()`,
    );
    assert.ok(inside <= across, `${width}: ${inside} of ${across} pixels are seen`);
  }
});

inBrowser('nothing is written over the names of a timeline', async (look) => {
  const runs = example.runs.map((run, i) => Object.assign({}, run, { Listeners: 8 - (i % 2), Findings: i % 4 }));
  const { page } = await look(await pageText(auditRun, runs));
  const over = await page.evaluate<string[]>(`(() => {
    const boxes = [...document.querySelectorAll('.wide .band, .wide .tick')].filter((one) => one.closest('section').querySelector('#nights')).map((one) => [one, one.getBoundingClientRect()]);
    const bands = boxes.filter(([one]) => one.classList.contains('band'));
    const hits = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
    return bands.length === 0 ? ['no names'] : bands.flatMap(([band, a]) => boxes.filter(([one, b]) => one !== band && hits(a, b)).map(([one]) => band.textContent + ' ' + one.textContent));
  })()`);
  assert.equal(over, []);
});

inBrowser('20,000 rows: only those that are seen are in the page', async (look) => {
  const seen = await look(await pageText(endpoint, [...endpoints(20_000)]));
  assert.equal(await seen.texts('p.count'), ['20000 rows']);
  assert.ok((await seen.texts('#viewport tr[data-index]')).length < 60);
  await seen.page.evaluate(`document.getElementById('viewport').scrollTop = 34 * 15000`);
  await seen.page.until(`document.querySelector('tr[data-index="15005"]')`);
  assert.is((await column(seen, 'Local port')).length < 60, true);
  await seen.page.evaluate(`document.getElementById('viewport').scrollTop = 1e9`);
  await seen.page.until(`document.querySelector('tr[data-index="19999"]')`);
  assert.is(await seen.page.evaluate(`document.querySelector('#viewport table').getAttribute('aria-rowcount')`), '20001');
});

test.after(() => (typeof browser === 'string' ? undefined : browser.end()));

test.run();
