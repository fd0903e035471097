import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningRouter } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { Line } from '../observe/faulty-link.ts';
import { Peer } from '../observe/peer.ts';
import { program } from '../observe/programs.ts';

const executablePath = program('chromium');
const quiet =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script> & <b>bold</b>';

describe.skipIf(!executablePath)('the console, in a browser', () => {
  let browser: Browser;
  let router: RunningRouter;
  let line: Line;
  let page: Page;
  let alice: Peer;
  let bob: Peer;
  const faults: string[] = [];

  beforeAll(async () => {
    router = await RunningRouter.start();
    line = await Line.to(router.http);
    browser = await chromium.launch({ executablePath: executablePath!, args: quiet.split(' ') });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  });
  afterAll(async () => {
    alice?.close();
    bob?.close();
    await browser?.close();
    line?.close();
    await killAll();
  });

  const lines = () => page.locator('#transcript .said:not(.draft) .text').allTextContents();
  const see = (selector: string, text: string | RegExp) =>
    page.locator(selector).filter({ hasText: text }).first().waitFor();

  /** Alice and Bob take one turn after the other. */
  const talk = async (speaker: Peer, text: string, target: string) => {
    const { conversation, turn } = await speaker.next('turn');
    speaker.send({
      ...{ type: 'say', conversation, turn, text, target },
      usage: { inputTokens: 100, outputTokens: 20 },
    });
    await speaker.next('accepted');
    return conversation;
  };

  it('says what to run when nobody is there', async () => {
    await page.goto(line.url);
    await see('#empty', 'npm run agent');
    await see('#link', 'live');
  });

  it('shows who is connected and what is said, as it happens and in order', async () => {
    alice = await Peer.join(router.url, 'alice');
    bob = await Peer.join(router.url, 'bob');
    await see('#agents', /alice.*bob/);
    await see('#empty', 'No conversation yet');
    alice.send({ type: 'open', ref: 'r', members: ['alice', 'bob'], topic: 'Tea', limits: { maxTurns: 7 } });
    await talk(alice, 'one', 'bob');
    await page.locator('#conversations a').filter({ hasText: 'Tea' }).click();
    await talk(bob, 'two', 'alice');
    await talk(alice, 'three', 'bob');
    await see('#transcript', 'three');
    expect(await lines()).toEqual(['one', 'two', 'three']);
    await see('#facts', '3 of 7');
    await see('#facts', '300 in, 60 out');
    await see('#members .floor', 'bob');
  });

  it('shows a reply while it is written, and once when it is done', async () => {
    const { conversation, turn } = await bob.next('turn');
    bob.send({ type: 'chunk', conversation, turn, text: 'fo' });
    bob.send({ type: 'chunk', conversation, turn, text: 'ur' });
    await see('#transcript .draft .text', 'four');
    bob.send({ type: 'say', conversation, turn, text: 'four', target: 'alice' });
    await bob.next('accepted');
    await page.locator('#transcript .draft').waitFor({ state: 'detached' });
    expect(await lines()).toEqual(['one', 'two', 'three', 'four']);
  });

  it('shows what a peer says as text, whatever it is', async () => {
    await talk(alice, hostile, 'bob');
    await see('#transcript .text', hostile);
    expect(await page.locator('#transcript :is(img, script, b)').count()).toBe(0);
    expect(await page.title()).toBe('Tea · Parley');
  });

  it('loses nothing when it is loaded again', async () => {
    const before = await lines();
    await page.reload();
    await see('#transcript .text', hostile);
    expect(await lines()).toEqual(before);
  });

  it('has what was said while it was cut off', async () => {
    line.cut();
    await see('#link', 'connecting');
    await talk(bob, 'six', 'alice');
    await talk(alice, 'seven', 'bob');
    line.mend();
    await see('#link', 'live');
    await see('#transcript', 'seven');
    expect((await lines()).slice(-3)).toEqual([hostile, 'six', 'seven']);
  });

  it('says why a conversation ended', async () => {
    await see('#transcript .ended', 'ended: max-turns');
    await see('#facts', 'ended: max-turns');
    await see('#conversations a', 'max-turns');
  });

  it('asks for a token when the router wants one, and sends it with every request', async () => {
    const guarded = await browser.newPage();
    await guarded.route('**/v1/**', (route) => {
      if (route.request().headers().authorization === 'Bearer sesame') return route.continue();
      return route.fulfill({
        status: 401,
        json: { error: { code: 'unauthenticated', message: 'a token, please' } },
      });
    });
    await guarded.goto(line.url);
    await guarded.locator('#sign-in-why').filter({ hasText: 'a token, please' }).waitFor();
    expect(await guarded.locator('#agents li').count()).toBe(0);
    await guarded.locator('#token').fill('sesame');
    await guarded.locator('#sign-in button').click();
    await guarded.locator('#conversations a').filter({ hasText: 'Tea' }).waitFor();
    expect(await guarded.locator('#sign-in').isHidden()).toBe(true);
    expect(guarded.url()).not.toContain('sesame');
    await guarded.close();
  });

  it.each([
    ['with a conversation', ''],
    ['with the lists', '#/'],
  ])('fits a screen of 375 pixels %s', async (_, hash) => {
    await page.setViewportSize({ width: 375, height: 700 });
    if (hash) await page.goto(`${line.url}/${hash}`);
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(375);
  });

  it('asks nobody else for anything and runs without a fault', async () => {
    const asked = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    expect(asked.filter((url) => !url.startsWith(line.url))).toEqual([]);
    expect(
      faults.filter((fault) => !/ERR_(EMPTY_RESPONSE|CONNECTION|INCOMPLETE|NETWORK)/.test(fault)),
    ).toEqual([]);
  });
});
