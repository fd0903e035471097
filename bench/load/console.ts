/**
 * How smoothly the console draws, in Chromium: a conversation of 10,000 entries with 50 new ones a second, and the table of
 * 500 conversations while it is scrolled. `node bench/load/console.ts [SECONDS]` prints milliseconds between frames.
 */
import { chromium, type Page } from 'playwright-core';
import { RunningRouter } from '../../tests/harness/parley.ts';
import { killAll } from '../../tests/harness/started-process.ts';
import { Peer } from '../../tests/observe/peer.ts';
import { program } from '../../tests/observe/programs.ts';

const seconds = Number(process.argv[2] ?? 10);
const entries = 10_000;
const perSecond = 50;

const startFrames = `
  window.gaps = []; let before = performance.now();
  const frame = (now) => { window.gaps.push(now - before); before = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);`;

const framesOf = async (page: Page, work: () => Promise<void>): Promise<string> => {
  await page.evaluate(startFrames);
  await work();
  const gaps = ((await page.evaluate('window.gaps')) as number[]).slice(2).sort((a, b) => a - b);
  const at = (share: number) => Math.round(gaps[Math.floor(gaps.length * share)] ?? 0);
  return `frames ${gaps.length}, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${Math.round(gaps.at(-1) ?? 0)} ms`;
};

const executablePath = program('chromium');
if (!executablePath) throw new Error('there is no Chromium on this machine');
const router = await RunningRouter.start({
  ROUTER_MAX_REPETITION_PERCENT: '0',
  ROUTER_FRAMES_PER_SECOND: '100000',
  ROUTER_FRAME_BURST: '100000',
});
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const [ann, bob] = [await Peer.join(router.url, 'ann'), await Peer.join(router.url, 'bob')];
  ann.send({
    type: 'open',
    ref: 'r',
    members: ['ann', 'bob'],
    topic: 'Long',
    limits: { maxTurns: 0, maxDurationMs: 0 },
  });
  let said = 0;
  let id = '';
  const say = async () => {
    const speaker = said % 2 === 0 ? ann : bob;
    const { conversation, turn } = await speaker.next('turn');
    id = conversation;
    speaker.send({
      type: 'say',
      conversation,
      turn,
      text: `Message **${++said}**: ${'some words of a reply '.repeat(8)}`,
    });
  };
  while (said < entries) await say();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const began = performance.now();
  await page.goto(`${router.http}/#/${id}`);
  await page.locator('#transcript .said').first().waitFor();
  console.log(`first entries of ${entries}: ${Math.round(performance.now() - began)} ms`);
  const follow = await framesOf(page, async () => {
    const started = performance.now();
    for (let sent = 0; performance.now() - started < seconds * 1_000; sent++) {
      await say();
      const due = started + (sent * 1_000) / perSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    }
  });
  const elements = await page.evaluate('document.querySelectorAll("*").length');
  console.log(`${perSecond} entries a second after ${entries}: ${follow}; ${elements} elements`);

  for (let i = 0; i < 500; i++) {
    ann.send({ type: 'open', ref: `${i}`, members: ['ann', 'bob'], topic: `Conversation ${i}` });
    await ann.next('accepted');
  }
  await page.goto(`${router.http}/#runs`);
  await page.locator('#runs .run').first().waitFor();
  const scroll = await framesOf(page, async () => {
    const started = performance.now();
    while (performance.now() - started < seconds * 1_000) {
      await page.mouse.move(600, 500);
      await page.mouse.wheel(0, 400);
      await new Promise((resolve) => setTimeout(resolve, 16));
    }
  });
  console.log(`table of 500, scrolled: ${scroll}`);
  ann.close();
  bob.close();
} finally {
  await browser.close();
  await killAll();
}
