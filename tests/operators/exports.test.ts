import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, openBrowser, soon } from '../console/looked-at.ts';
import { answerOf, parley } from '../harness/command-line.ts';
import { RunningRouter, spawnRouterCommand, temporaryFolder } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';

afterAll(killAll);

const post = async (router: RunningRouter, path: string, body: object): Promise<string> => {
  const response = await fetch(`${router.http}/v1/conversations${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok, `${path} ${response.status}`).toBe(true);
  return ((await response.json()) as { conversation: string }).conversation;
};

const hostile =
  '</div><script>document.title="taken"</script><img src="http://127.0.0.1:9/x" onerror="document.title=1">\u202etxt.exe';

/** A router with an ended conversation, a fork of it, and one with private messages. */
const started = async () => {
  const router = await RunningRouter.start();
  const cast = ['ann', 'bob', 'eve'].map((name) => ({ name, persona: `persona of ${name}` }));
  const open = { members: ['ann', 'bob', 'eve'], policy: 'open', cast };
  const first = await post(router, '', { ...open, topic: `the sea ${hostile}` });
  await post(router, `/${first}/say`, { text: 'heard by all' });
  await post(router, `/${first}/say`, { text: `hostile ${hostile}` });
  const fork = await post(router, `/${first}/fork`, { at: 2 });
  await post(router, `/${fork}/say`, { text: 'only in the fork' });
  await post(router, `/${first}/end`, {});
  const secret = await post(router, '', { ...open, topic: 'secrets' });
  await post(router, `/${secret}/say`, { text: 'open words' });
  await post(router, `/${secret}/say`, { text: 'CANARY for bob', to: ['bob'] });
  await post(router, `/${secret}/whisper`, { to: ['bob'], text: 'CANARY whispered' });
  const other = await post(router, '', {
    members: ['ann', 'bob'],
    policy: 'open',
    topic: 'CANARY without eve',
  });
  return { router, first, fork, secret, other };
};

/** The cases of this file read the same router. */
let system: Awaited<ReturnType<typeof started>>;
beforeAll(async () => {
  system = await started();
});

describe('export and import', () => {
  it('an import makes an identical ledger of all conversations, forks too, and refuses a second import', async () => {
    const { router, first, fork, secret, other } = system;
    const folder = temporaryFolder();
    const file = join(folder, 'all.jsonl');
    await answerOf('export', '--all', '--out', file, '--url', router.url);
    const copy = join(folder, 'copy.sqlite');
    expect(await answerOf('import', file, '--ledger', copy)).toMatch(/imported 4 conversations/);
    const verified = spawnRouterCommand(['verify', copy]);
    expect(await verified.exit(), verified.stderr).toEqual({ code: 0, signal: null });

    const again = parley(['import', file, '--ledger', copy]);
    expect((await again.exit()).code).toBe(1);
    expect(again.stderr).toContain('is in the ledger already');

    const second = await RunningRouter.start({ ROUTER_LEDGER: copy });
    for (const id of [first, fork, secret, other]) {
      expect(await second.entries(id)).toEqual(await router.entries(id));
      const [before, after] = await Promise.all(
        [router, second].map((one) => one.get<{ conversation: object }>(`/v1/conversations/${id}?limit=1`)),
      );
      // Who is waited for depends on the connections of each router.
      expect({ ...after?.conversation, waiting: {} }).toEqual({ ...before?.conversation, waiting: {} });
    }
    expect(await answerOf('export', '--all', '--url', second.url)).toBe(readFileSync(file, 'utf8'));
  });

  it('an export with --as has no word that the member did not hear, in any format, for one conversation and for all', async () => {
    const { router, secret } = system;
    const asked: readonly (readonly [what: string, format: string])[] = [
      ['--all', 'jsonl'],
      ['--all', 'html'],
      [secret, 'sharegpt'],
    ];
    for (const [what, format] of asked) {
      const text = await answerOf('export', what, '--as', 'eve', '--format', format, '--url', router.url);
      expect(text, format).toContain('open words');
      expect(text, format).not.toMatch(/CANARY|persona of (ann|bob)/);
    }
    expect(
      await answerOf('export', secret, '--as', 'bob', '--format', 'sharegpt', '--url', router.url),
    ).toMatch(/persona of bob[\s\S]*CANARY for bob[\s\S]*CANARY whispered/);
  });
});

describe.skipIf(executablePath === undefined)('the exported page in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  it('the exported page shows hostile text as text, loads nothing, finds words, and prints all of it', async () => {
    const { router } = system;
    const file = join(temporaryFolder(), 'page.html');
    writeFileSync(file, await answerOf('export', '--all', '--format', 'html', '--url', router.url));
    const page = await (await browser.newContext({ viewport: { width: 375, height: 700 } })).newPage();
    const requests: string[] = [];
    const faults: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('dialog', (dialog) => faults.push(dialog.message()));
    await page.goto(`file://${file}`);
    const articles = page.locator('article');
    await soon(() => articles.count()).toBe(6);
    expect(await page.title()).toBe('4 conversations');
    expect(await page.locator('img, main script').count()).toBe(0);
    await page.locator('article', { hasText: '⟨U+202E⟩txt.exe' }).first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

    await page.locator('#search').fill('only FORK');
    await soon(() => page.locator('article:visible').count()).toBe(1);
    await page.locator('#found', { hasText: '1 found' }).waitFor();
    await page.locator('#search').fill('');
    await soon(() => page.locator('article:visible').count()).toBe(6);

    await page.emulateMedia({ media: 'print' });
    await soon(() => page.locator('.bar').isVisible()).toBe(false);
    expect(requests.filter((url) => !url.startsWith('file://'))).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
