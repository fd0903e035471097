import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningRouter, temporaryFolder } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';
import { executablePath, type LookedAt, openBrowser, openPage, soon } from './looked-at.ts';
import { violations } from './violations.ts';

const markdown = [
  '# Plan',
  'Some **bold**, `code` and [a link](https://example.org/x "title").',
  '| a | b |\n|---|---|\n| 1 | 2 |',
  '```js run\nconst x = 1 < 2;\n```',
  '| c |\n|---|\n| 3 | dropped by the parser |',
  '[bob]: Yes. "at once"',
  '- one\n- two',
  '0. from\n1. zero',
  '<svg>\n  <b>two lines</b>\n</svg>',
  '![a picture](https://example.org/p.png) <b>not bold</b> [bad](javascript:alert(1))',
].join('\n\n');
const rightToLeft = 'שלום, אני כאן.\n\n- שלום';
const turned = 'name\u202etxt.exe';
const long = Array.from({ length: 300 }, (_, i) => `sentence ${i + 1}`).join('\n');

describe.skipIf(!executablePath)('An ended conversation, read in the console', { timeout: 60_000 }, () => {
  let browser: Browser;
  let router: RunningRouter;
  let looked: LookedAt;
  let page: Page;
  let see: LookedAt['see'];
  let count: LookedAt['count'];
  let gone: LookedAt['gone'];
  let becomes: LookedAt['becomes'];
  let id: string;
  const texts = [markdown, rightToLeft, turned, long, 'The last word.'];

  beforeAll(async () => {
    router = await RunningRouter.start({ ROUTER_LEDGER: 'memory' });
    browser = await openBrowser();
    const [ann, bob] = [await Peer.join(router.url, 'ann'), await Peer.join(router.url, 'bob')];
    const limits = { maxTurns: texts.length };
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'], topic: 'Reading', limits });
    for (const [index, text] of texts.entries()) {
      const speaker = index % 2 === 0 ? ann : bob;
      const { conversation, turn } = await speaker.next('turn');
      id = conversation;
      speaker.send({ type: 'say', conversation, turn, text });
      await speaker.next('accepted');
    }
    ann.close();
    bob.close();
    looked = await openPage(browser);
    ({ page, see, count, gone, becomes } = looked);
    await page.goto(`${router.http}/#/${id}`);
    await see('#transcript .ended', 'ended: max-turns');
  });
  afterAll(async () => {
    await browser?.close();
    await killAll();
  });

  const text = (seq: number) => page.locator(`#transcript [data-seq="${seq}"] .text`);
  const styleOf = (selector: string, property: string) =>
    page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`);

  it('Markdown becomes headings, tables, lists, code and links with their host; HTML, pictures and scripts stay text, and no word is left out', async () => {
    const message = text(2);
    expect(await message.locator('.heading-1').textContent()).toBe('Plan');
    expect(await message.locator('strong').textContent()).toBe('bold');
    expect(await message.locator('td').allInnerTexts()).toEqual(['1', '2']);
    expect(await message.locator('pre code').textContent()).toBe('const x = 1 < 2;');
    expect(await message.locator('ul li').allInnerTexts()).toEqual(['one', 'two']);
    expect(await message.locator('ol').getAttribute('start')).toBe('0');
    expect(await message.locator('.raw').allInnerTexts()).toContain('<svg>\n  <b>two lines</b>\n</svg>');
    const whole = await message.textContent();
    for (const shown of [
      '(example.org: title)',
      'js run',
      '| 3 | dropped by the parser |',
      '[bob]: Yes. "at once"',
    ])
      expect(whole).toContain(shown);
    const links = await message
      .locator('a')
      .evaluateAll((all) =>
        (all as unknown as { getAttribute(name: string): string | null }[]).map((one) =>
          one.getAttribute('href'),
        ),
      );
    expect(links).toEqual(['https://example.org/x', 'https://example.org/p.png']);
    await see('#transcript .host', '(example.org)');
    await gone(message.locator('img, b, script'));
    await see('#transcript .text', '<b>not bold</b>');
    await see('#transcript .text', '[bad](javascript:alert(1))');
  });

  it('a message is shown as it was written by its menu, and formatted again', async () => {
    await page.getByRole('button', { name: 'Actions of entry 2', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Show as written' }).click();
    await soon(() => text(2).textContent()).toContain('**bold**');
    await page.getByRole('button', { name: 'Actions of entry 2', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Show formatted' }).click();
    await text(2).locator('strong').waitFor();
  });

  it('a right-to-left message is aligned to its own side, and a character that turns text is shown by its name', async () => {
    expect(await text(3).getAttribute('dir')).toBe('auto');
    const direction = (seq: number) =>
      page.evaluate(
        `getComputedStyle(document.querySelector('#transcript [data-seq="${seq}"] .text p')).direction`,
      );
    expect([await direction(3), await direction(2)]).toEqual(['rtl', 'ltr']);
    // The dots of a list stand on the side where its lines begin.
    expect(await styleOf('#transcript [data-seq="3"] .text ul', 'direction')).toBe('rtl');
    expect(await text(4).locator('.control').textContent()).toBe('RLO');
    expect(await text(4).textContent()).toContain('txt.exe');
  });

  it('a long message is folded, and a button shows all of it', async () => {
    const folded = page.locator('#transcript [data-seq="5"] .folded');
    await folded.waitFor();
    const before = (await folded.boundingBox())?.height ?? 0;
    expect(before).toBeLessThan(400);
    await page.getByRole('button', { name: /^Show all .* of entry 5$/ }).click();
    await gone(folded);
    await soon(async () => ((await text(5).boundingBox())?.height ?? 0) > 10 * before).toBe(true);
  });

  it('the conversation is played again from its first entry to its last, at a speed of choice', async () => {
    await page.getByLabel('Speed').selectOption({ label: '20 ×' });
    // The page itself notes what it shows: a test that only looks now and then could miss a fast replay.
    await page.evaluate(`
      globalThis.played = [];
      const replay = document.querySelector('.replay');
      const note = () => played.push(replay.querySelector('.detail')?.textContent ?? '');
      new MutationObserver(note).observe(replay, { childList: true, subtree: true, characterData: true });
    `);
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    await becomes(`played.includes('entry 1 of 7') && played.includes('entry 6 of 7')`, true);
    await gone(page.getByRole('button', { name: 'Stop the replay' }));
    await see('#transcript .ended', 'ended: max-turns');
  });

  it('a replay that is stopped shows the whole conversation again', async () => {
    // In the page, because a replay of a few entries is over soon.
    await page.evaluate(`new Promise((resolve) => {
      const button = document.querySelector('.replay button');
      button.click();
      const look = () => {
        if (button.textContent !== 'Stop the replay') return requestAnimationFrame(look);
        button.click();
        resolve();
      };
      look();
    })`);
    await gone(page.getByRole('button', { name: 'Stop the replay' }));
    await page.locator('#transcript[aria-label^="Transcript, 7 entries"]').waitFor();
  });

  it('on paper there are all entries, whole, and neither controls nor the panel', async () => {
    await page.emulateMedia({ media: 'print' });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await count('#transcript [data-seq]', 7);
    for (const selector of ['.bar', '.beside', '.replay', '.more', '.present'])
      expect([selector, await styleOf(selector, 'display')]).toEqual([selector, 'none']);
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    await page.emulateMedia({ media: 'screen' });
  });

  it('with forced colours the entry of the address, the status and the picture of the times can be told apart', async () => {
    await page.emulateMedia({ forcedColors: 'active' });
    await page.goto(`${router.http}/#/${id}/3`);
    await page.locator('#transcript .target[data-seq="3"]').waitFor();
    expect(await styleOf('.row.target > .text', 'outlineStyle')).toBe('solid');
    const sizes = ['3', '2'].map((seq) => styleOf(`#transcript [data-seq="${seq}"] > .text`, 'fontSize'));
    expect(new Set(await Promise.all(sizes)).size).toBe(1);
    expect(await styleOf('#status', 'borderTopStyle')).toBe('solid');
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ forcedColors: 'none' });
  });

  it('with reduced motion nothing on the page moves by itself', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const moving = await page.evaluate(
      `[...document.querySelectorAll('*')].filter((one) => {
        const style = getComputedStyle(one);
        return [style.animationDuration, style.transitionDuration].some((time) => parseFloat(time) > 0.01) || style.scrollBehavior === 'smooth';
      }).map((one) => one.outerHTML.slice(0, 80))`,
    );
    expect(moving).toEqual([]);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
  });

  it('the presentation shows the messages in large type and no controls', async () => {
    await page.getByRole('link', { name: 'Present', exact: true }).click();
    await page.getByRole('link', { name: 'Leave the presentation' }).waitFor();
    expect(Number.parseInt(String(await styleOf('#transcript .said .text', 'fontSize')), 10)).toBeGreaterThan(
      20,
    );
    for (const selector of ['.more', '.facts', '.replay'])
      expect([selector, await styleOf(selector, 'display')]).toEqual([selector, 'none']);
    await gone('.panel, #speak, .acts');
    expect(await violations(page)).toEqual([]);
    expect(looked.faults).toEqual([]);
  });
});

describe.skipIf(!executablePath)('A running conversation whose router is killed', { timeout: 60_000 }, () => {
  afterAll(killAll);

  it('a page of a killed router says so, keeps what was typed, and goes on with nothing lost when the router is back', async () => {
    const browser = await openBrowser();
    const router = await RunningRouter.start({ ROUTER_LEDGER: `${temporaryFolder()}/ledger.sqlite` });
    const members = ['ann', 'bob'];
    const speak = async (from: string, conversation: string, text: string) => {
      const peer = await Peer.join(router.url, from);
      const { turn } = await peer.next('turn');
      peer.send({ type: 'say', conversation, turn, text });
      await peer.next('accepted');
      peer.close();
    };
    const opener = await Peer.join(router.url, 'ann');
    opener.send({ type: 'open', ref: 'r', members, topic: 'Storm', policy: 'round-robin', opening: 'one' });
    const { conversation } = await opener.next('accepted');
    opener.close();
    const { page, see, becomes, gone, close } = await openPage(browser);
    await page.goto(`${router.http}/#/${conversation}`);
    await see('#transcript .said', 'one');
    await page.getByLabel('What to say').fill('half a sentence');
    await router.process.kill('SIGKILL');
    await see('#link', 'connecting');
    await see('#lost', /./);
    await router.startAgain();
    await see('#link', 'live');
    await gone('#lost');
    await speak('bob', conversation, 'two');
    await speak('ann', conversation, 'three');
    await see('#transcript .said', 'three');
    await becomes(
      `[...document.querySelectorAll('#transcript .said .text')].map((one) => one.innerText.trim())`,
      ['one', 'two', 'three'],
    );
    expect(await page.getByLabel('What to say').inputValue()).toBe('half a sentence');
    await close();
    await browser.close();
  });
});
