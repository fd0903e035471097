import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningRouter } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';
import { executablePath, type LookedAt, openBrowser, openPage } from './looked-at.ts';
import { violations } from './violations.ts';

const markdownText = [
  '# A heading',
  'Some *emphasis*, `code` and [a link](https://example.org/x).',
  '| a | b |\n|---|---|\n| 1 | 2 |',
  '```\ncode\n```',
  '- one\n- two',
].join('\n\n');

describe.skipIf(!executablePath)('The console, checked with axe', { timeout: 120_000 }, () => {
  let browser: Browser;
  let router: RunningRouter;
  /** Shows one view after the other, as a user does. */
  let looked: LookedAt;
  const ids: string[] = [];
  const peers: Peer[] = [];

  beforeAll(async () => {
    router = await RunningRouter.start();
    browser = await openBrowser();
    looked = await openPage(browser);
    const [ann, bob] = [await Peer.join(router.url, 'ann'), await Peer.join(router.url, 'bob')];
    peers.push(ann, bob);
    // The ended one first: then each has one turn at a time.
    for (const maxTurns of [2, 0]) {
      const members = ['ann', 'bob'];
      ann.send({ type: 'open', ref: 'r', members, topic: `Most turns: ${maxTurns}`, limits: { maxTurns } });
      for (const speaker of [ann, bob]) {
        const { conversation, turn } = await speaker.next('turn');
        const text = `${markdownText}\n\nAt most ${maxTurns} turns.`;
        speaker.send({ type: 'say', conversation, turn, text });
        await speaker.next('accepted');
        if (speaker === ann) ids.unshift(conversation);
      }
    }
  });
  afterAll(async () => {
    for (const peer of peers) peer.close();
    await browser?.close();
    await killAll();
  });

  const views: readonly (readonly [string, () => string, string])[] = [
    ['the overview', () => '#/', '#talks a'],
    ['the table of conversations', () => '#runs', '#runs .run'],
    ['the filters of the table', () => '#runs?member=ann&ending=max-turns', '.more-filters[open] input'],
    ['a running conversation', () => `#/${ids[0]}`, '#transcript .said'],
    ['an ended conversation', () => `#/${ids[1]}`, '#transcript .ended'],
    ['the presentation', () => `#/${ids[1]}?present`, '.presenting .ended'],
    ['two conversations compared', () => `#compare/${ids[0]}/${ids[1]}`, '#compare mark'],
    ['the agents', () => '#agents', '#agents td'],
    ['the form of a scenario', () => '#new?scenario=debate', '#missing .command'],
    ['a new conversation', () => '#new', '#new-members button'],
    ['an address that leads nowhere', () => '#nowhere', '#empty'],
  ];

  it.each(views.map(([what, hash, ready]) => ({ what, hash, ready })))(
    'axe finds no fault in $what, light and dark',
    async ({ hash, ready }) => {
      const { page } = looked;
      await page.goto(`${router.http}/${hash()}`);
      await page.locator(ready).first().waitFor();
      expect(await violations(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await violations(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'light' });
    },
  );

  it('axe finds no fault in the question before an ending, an open menu, a dialog and the form to sign in', async () => {
    const other = await openPage(browser);
    const { page } = other;
    await page.goto(`${router.http}/#/${ids[0]}`);
    await page.getByRole('button', { name: 'End…' }).click();
    await other.see('dialog h2', 'End “Most turns: 0”?');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await other.gone('dialog');
    await page.getByRole('button', { name: 'Actions of entry 2' }).click();
    await other.see('[role=menuitem]', 'Fork here…');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('menuitem', { name: 'Fork here…' }).click();
    await other.see('dialog h2', /./);
    expect(await violations(page)).toEqual([]);
    await page.route('**/v1/**', (route) =>
      route.fulfill({
        status: 401,
        json: { error: { code: 'unauthenticated', message: 'a token, please' } },
      }),
    );
    await page.goto(`${router.http}/#agents`);
    await page.reload();
    await other.see('#sign-in', 'Sign in');
    expect(await violations(page)).toEqual([]);
    await other.close();
  });

  it('all targets of the console have 24 pixels or more', async () => {
    const { page } = looked;
    await page.setViewportSize({ width: 375, height: 700 });
    const ready = ['#talks a', '#runs .run', '#transcript .said', '#new-members button', '#agents td'];
    for (const [at, hash] of ['#/', '#runs', `#/${ids[0]}`, '#new', '#agents'].entries()) {
      await page.goto(`${router.http}/${hash}`);
      await page
        .locator(ready[at] as string)
        .first()
        .waitFor();
      const small = await page
        .locator('button:visible, select:visible, input:visible, summary:visible')
        .evaluateAll((all) =>
          (
            all as unknown as {
              getBoundingClientRect(): { width: number; height: number };
              outerHTML: string;
            }[]
          )
            .filter((one) => {
              const { width, height } = one.getBoundingClientRect();
              return width < 24 || height < 24;
            })
            .map(({ outerHTML }) => outerHTML.slice(0, 120)),
        );
      expect(small, hash).toEqual([]);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('the console can be used with the keyboard: one tab stop for all entries, arrow keys from one to the next', async () => {
    const looked = await openPage(browser);
    const { page } = looked;
    await page.goto(`${router.http}/#/${ids[0]}`);
    await page.locator('#transcript .said').first().waitFor();
    await page.keyboard.press('Tab');
    await looked.focused('.skip');
    await looked.count('#transcript > [tabindex="0"]', 1);
    await page.locator('#transcript > [tabindex="0"]').focus();
    await page.keyboard.press('Home');
    await looked.focused('#transcript > [data-seq="1"]');
    await page.keyboard.press('ArrowDown');
    await looked.focused('#transcript > [data-seq="2"]');
    await looked.close();
  });
});
