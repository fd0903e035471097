import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningRouter } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { Line } from '../observe/faulty-link.ts';
import { Peer } from '../observe/peer.ts';
import { executablePath, type LookedAt, openBrowser, openPage, soon } from './looked-at.ts';

const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script> & <b>bold</b>';

describe.skipIf(!executablePath)('The console, in a browser', { timeout: 120_000 }, () => {
  let browser: Browser;
  let router: RunningRouter;
  let line: Line;
  let looked: LookedAt;
  let page: Page;
  let alice: Peer;
  let bob: Peer;
  let see: LookedAt['see'];

  beforeAll(async () => {
    router = await RunningRouter.start();
    line = await Line.to(router.http);
    browser = await openBrowser();
    looked = await openPage(browser);
    ({ page, see } = looked);
  });
  afterAll(async () => {
    alice?.close();
    bob?.close();
    await browser?.close();
    line?.close();
    await killAll();
  });

  const messages = async () =>
    (await page.locator('#transcript .said:not(.draft) .text').allInnerTexts()).map((text) => text.trim());

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

  it('the console says what to run when no agent is connected', async () => {
    await page.goto(line.url);
    await see('#empty', 'npm run agent');
    await see('#link', 'live');
  });

  it('the console shows messages live and in order, and the use of the limits', async () => {
    alice = await Peer.join(router.url, 'alice');
    bob = await Peer.join(router.url, 'bob');
    await see('#empty', 'No conversation yet');
    alice.send({ type: 'open', ref: 'r', members: ['alice', 'bob'], topic: 'Tea', limits: { maxTurns: 7 } });
    await talk(alice, 'one', 'bob');
    await page.getByRole('link', { name: 'Tea' }).click();
    await talk(bob, 'two', 'alice');
    await talk(alice, 'three', 'bob');
    await see('#transcript', 'three');
    await soon(messages).toEqual(['one', 'two', 'three']);
    await see('#facts', '3 of 7');
    await see('#facts', '360 (300 in, 60 out)');
    await see('#members .floor', 'bob');
    await see('#floor', 'bob has had the floor for');
  });

  it('the console shows a reply while it is written, and once when it is complete', async () => {
    const { conversation, turn } = await bob.next('turn');
    bob.send({ type: 'chunk', conversation, turn, text: 'fo' });
    bob.send({ type: 'chunk', conversation, turn, text: 'ur' });
    await see('#transcript .draft .text', 'four');
    await see('#floor', 'bob has been writing for');
    bob.send({ type: 'say', conversation, turn, text: 'four', target: 'alice' });
    await bob.next('accepted');
    await looked.gone('#transcript .draft');
    await soon(messages).toEqual(['one', 'two', 'three', 'four']);
  });

  it('the console shows a message of a peer as text, whatever it contains', async () => {
    await talk(alice, hostile, 'bob');
    await see('#transcript .text', hostile);
    await looked.gone('#transcript :is(img, script, b)');
    await soon(() => page.title()).toBe('Tea · Parley');
  });

  it('the console loses nothing when it is loaded again', async () => {
    const before = await messages();
    await page.reload();
    await see('#transcript .text', hostile);
    await soon(messages).toEqual(before);
  });

  it('the console shows the messages that were said while it was disconnected', async () => {
    line.cut();
    await see('#link', 'connecting');
    await talk(bob, 'six', 'alice');
    await talk(alice, 'seven', 'bob');
    line.mend();
    await see('#link', 'live');
    await see('#transcript', 'seven');
    await soon(async () => (await messages()).slice(-3)).toEqual([hostile, 'six', 'seven']);
  });

  it('the console shows why a conversation ended, also in the list', async () => {
    await see('#transcript .ended', 'ended: max-turns');
    await see('#status', 'ended: max-turns (bounded)');
    await page.getByRole('link', { name: 'Conversations' }).click();
    await see('#runs .run', 'ended: max-turns (bounded)');
    await page.goBack();
  });

  it.each(['#/%E0%A4%A', '#nothing/of/the/kind', '#compare/x'])(
    'the console reports an address that leads nowhere: %s',
    async (hash) => {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await see('#empty', 'There is no such view');
      await looked.gone('#conversation');
      expect(looked.faults.filter((fault) => fault.includes('URI'))).toEqual([]);
    },
  );

  it('the console reports an unknown id of a conversation', async () => {
    // A page of its own: the browser reports each 404 as a fault.
    const other = await openPage(browser);
    await other.page.goto(`${line.url}/#/nothing`);
    await other.see('#empty', 'There is no such conversation');
    await other.close();
  });

  it('the console asks for a token when the router requires one, and sends it with every request', async () => {
    const guarded = await openPage(browser);
    await guarded.page.route('**/v1/**', (route) => {
      if (route.request().headers().authorization === 'Bearer sesame') return route.continue();
      return route.fulfill({
        status: 401,
        json: { error: { code: 'unauthenticated', message: 'a token, please' } },
      });
    });
    await guarded.page.goto(line.url);
    await guarded.see('#sign-in-why', 'a token, please');
    await guarded.focused('#token');
    await guarded.page.keyboard.type('sesame');
    await guarded.page.keyboard.press('Enter');
    await guarded.see('#overview', '1 in the ledger');
    await guarded.gone('#sign-in');
    expect(guarded.page.url()).not.toContain('sesame');
    await guarded.page.getByRole('button', { name: 'Sign out' }).click();
    await guarded.see('#sign-in-why', 'a token, please');
    await guarded.close();
  });

  it.each(['#/', '#runs', '#agents', '#new', ''])(
    'the console fits a screen of 375 pixels: %s',
    async (hash) => {
      await page.setViewportSize({ width: 375, height: 700 });
      await page.goto(`${line.url}/${hash || `#/${(await router.conversations())[0]?.id}`}`);
      await see('h1', /./);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
    },
  );

  it('the console sends no request to another server and has no error', async () => {
    const asked = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((url) => !url.startsWith(line.url))).toEqual([]);
    expect(
      looked.faults.filter((fault) => !/ERR_(EMPTY_RESPONSE|CONNECTION|INCOMPLETE|NETWORK)/.test(fault)),
    ).toEqual([]);
  });
});
