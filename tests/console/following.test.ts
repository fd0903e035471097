import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningRouter } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';
import { executablePath, openBrowser, openPage, soon } from './looked-at.ts';

/** Pixels between what can be seen and the end of the page. */
const gap = 'document.documentElement.scrollHeight - innerHeight - scrollY';
/** Resolves when the page has not moved for ten frames: a wheel scrolls it over several. */
const scrolled = `new Promise((done) => {
  let [before, still] = [scrollY, 0];
  const frame = () => {
    still = scrollY === before ? still + 1 : 0;
    before = scrollY;
    if (still < 10) requestAnimationFrame(frame);
    else done();
  };
  requestAnimationFrame(frame);
})`;
/** The first entry that begins in sight, and where. */
const firstInSight = `(() => {
  const rows = [...document.querySelectorAll('#transcript > [data-seq]')];
  const row = rows.find((one) => one.getBoundingClientRect().top > 100);
  return [Number(row.dataset.seq), row.getBoundingClientRect().top];
})()`;

describe.skipIf(!executablePath)('A conversation that runs, in the console', { timeout: 300_000 }, () => {
  let browser: Browser;
  let router: RunningRouter;
  let ann: Peer;
  let bob: Peer;
  let id: string;
  let said = 0;

  /** Ann and Bob say so many messages more. */
  const talk = async (messages: number) => {
    for (let i = 0; i < messages; i++) {
      const speaker = said % 2 === 0 ? ann : bob;
      const { conversation, turn } = await speaker.next('turn');
      id = conversation;
      speaker.send({ type: 'say', conversation, turn, text: `message ${++said}\n\n${'text '.repeat(60)}` });
      await speaker.next('accepted');
    }
  };

  beforeAll(async () => {
    router = await RunningRouter.start({ ROUTER_MAX_REPETITION_PERCENT: '0' });
    browser = await openBrowser();
    ann = await Peer.join(router.url, 'ann');
    bob = await Peer.join(router.url, 'bob');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'], topic: 'Tea', limits: { maxTurns: 0 } });
    await talk(60);
  });
  afterAll(async () => {
    ann?.close();
    bob?.close();
    await browser?.close();
    await killAll();
  });

  it('a running conversation is followed at its end by 20 of 20 pages that are opened at its address', async () => {
    const kept: number[] = [];
    for (let i = 0; i < 20; i++) {
      const { page, see, close } = await openPage(browser);
      await page.goto(`${router.http}/#/${id}`);
      await see('#transcript .said', `message ${said}`);
      await talk(2);
      await see('#transcript .said', `message ${said}`);
      await page.locator('#speak').waitFor();
      kept.push(
        await until('the end is in sight', async () => {
          const distance = Number(await page.evaluate(gap));
          return distance < 2 ? distance : undefined;
        }),
      );
      await close();
    }
    expect(kept.length).toBe(20);
  });

  it('a running conversation stays where its reader has scrolled, and is followed again when the reader asks for it', async () => {
    const { page, see, close } = await openPage(browser);
    await page.goto(`${router.http}/#/${id}`);
    await see('#transcript .said', `message ${said}`);
    await page.mouse.move(400, 500);
    await page.mouse.wheel(0, -900);
    await page.locator('#latest').waitFor();
    await page.evaluate(scrolled);
    const [seq, top] = (await page.evaluate(firstInSight)) as [number, number];
    await talk(3);
    const last = (await router.entries(id)).at(-1) as { seq: number };
    await page.locator(`#transcript[aria-label*="${last.seq} entries"]`).waitFor();
    await soon(async () => {
      const box = await page.locator(`#transcript [data-seq="${seq}"]`).boundingBox();
      return Math.abs((box?.y ?? Number.POSITIVE_INFINITY) - top);
    }).toBeLessThan(2);
    await page.locator('#latest').click();
    await see('#transcript .said', `message ${said}`);
    await talk(1);
    await see('#transcript .said', `message ${said}`);
    await close();
  });

  it('an entry keeps the focus when it is scrolled out of sight, and the arrow keys go on from it', async () => {
    const { page, see, focused, becomes, close } = await openPage(browser);
    await page.goto(`${router.http}/#/${id}`);
    await see('#transcript .said', `message ${said}`);
    await page.locator('#transcript > [tabindex="0"]').focus();
    await page.keyboard.press('End');
    const { seq } = (await router.entries(id)).at(-1) as { seq: number };
    await focused(`#transcript > [data-seq="${seq}"]`);
    await page.evaluate('scrollTo(0, 0)');
    await page.locator('#transcript > [data-seq="2"]').waitFor();
    await becomes(`document.querySelectorAll('#transcript > [data-seq="${seq - 1}"]').length`, 0);
    await focused(`#transcript > [data-seq="${seq}"]`);
    await page.keyboard.press('ArrowUp');
    await focused(`#transcript > [data-seq="${seq - 1}"]`);
    await soon(async () => {
      const box = await page.locator(`#transcript [data-seq="${seq - 1}"]`).boundingBox();
      return box !== null && box.y > 0 && box.y < 800;
    }).toBe(true);
    await close();
  });

  it('a running conversation is opened at the entry that its address names', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${router.http}/#/${id}/20`);
    await page.locator('#transcript .target[data-seq="20"]').waitFor();
    await until('it is in sight', async () => {
      const box = await page.locator('#transcript [data-seq="20"]').boundingBox();
      return box && box.y > 0 && box.y < 700 ? box : undefined;
    });
    await close();
  });

  it('a page that is opened in the middle of a reply shows the complete reply', async () => {
    const speaker = said % 2 === 0 ? ann : bob;
    const { turn } = await speaker.next('turn');
    speaker.send({ type: 'chunk', conversation: id, turn, text: 'It begins here, ' });
    const first = await openPage(browser);
    await first.page.goto(`${router.http}/#/${id}`);
    await first.see('#transcript .draft .text', 'It begins here,');
    speaker.send({ type: 'chunk', conversation: id, turn, text: 'goes on' });
    await first.see('#transcript .draft .text', 'It begins here, goes on');
    await first.page.reload();
    await first.see('#transcript .draft .text', 'It begins here, goes on');
    speaker.send({ type: 'say', conversation: id, turn, text: 'It begins here, goes on and ends.' });
    await first.see('#transcript .said:not(.draft) .text', 'It begins here, goes on and ends.');
    await first.gone('#transcript .draft');
    await first.close();
  });
});
