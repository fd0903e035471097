import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningRouter } from '../harness/parley.ts';
import { Peer } from '../observe/peer.ts';
import { executablePath, type LookedAt, picture, soon } from './looked-at.ts';
import { closeConsole, openConsole } from './opened-console.ts';

interface Opening {
  readonly topic: string;
  readonly labels?: readonly string[];
  readonly members?: readonly string[];
  readonly limits?: object;
}

describe.skipIf(!executablePath)('The overview and the table of runs', { timeout: 120_000 }, () => {
  let router: RunningRouter;
  let looked: LookedAt;
  let page: Page;
  let see: LookedAt['see'];
  let ann: Peer;
  const ids = new Map<string, string>();

  const post = async (path: string, body: object): Promise<{ conversation: string }> => {
    const response = await fetch(`${router.http}/v1/conversations${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { conversation: string };
  };
  const open = async ({ members = ['ann', 'bob'], ...more }: Opening) => {
    const { conversation } = await post('', { members, policy: 'round-robin', ...more });
    ids.set(more.topic, conversation);
    return conversation;
  };
  const say = async (text: string, tokens: number) => {
    const { conversation, turn } = await ann.next('turn');
    const usage = { inputTokens: tokens - 1, outputTokens: 1 };
    ann.send({ type: 'say', conversation, turn, text, usage });
    await ann.next('accepted');
  };
  const shown = () => page.url().split('#')[1];

  beforeAll(async () => {
    const opened = await openConsole(['ann']);
    ({ router, looked } = opened);
    ({ page, see } = looked);
    [ann] = opened.agents;
    await open({ topic: 'Bread', labels: ['batch:bakery'], limits: { maxTokens: 1_000 } });
    await say('The oven must be hot, and the dough must have **rested**.', 900);
    await open({ topic: 'Tea', labels: ['batch:drinks'] });
    await post(`/${ids.get('Tea')}/seat`, { who: 'ann' });
    const failing = await open({ topic: 'Soup' });
    await post(`/${failing}/end`, { detail: 'not wanted' });
    await page.goto(router.http);
  });
  afterAll(closeConsole);

  it('The overview shows first what needs a person: a seat, a wait with its reason, a budget', async () => {
    await see('#overview-count', /2 running.*3 in the ledger.*1 agent/);
    await see('#needs .seat', /Tea.*operator speaks for ann/);
    await see('#needs .wait', /Bread.*bob waits: not connected/);
    await see('#needs .budget', /Bread.*90 % of the budget: 900 tokens of 1,000/);
    await looked.count('#needs > li', 3);
    await page.locator('#needs .wait').getByRole('link', { name: 'Bread' }).click();
    await see('#title', 'Bread');
    await page.goBack();
  });

  it('The overview shows what runs with its last message, and pictures of the last hour with a text of what they show', async () => {
    await see('#talks > li', /Bread.*ann The oven must be hot/);
    await see('#pictures .picture', /Tokens.*900.*899 in, 1 out/);
    await looked.count(
      page.getByRole('img', { name: /^Turns in each minute of the last hour: 1 in all$/ }),
      1,
    );
    await looked.count('#pictures .bars rect.kind-0', 3);
    await looked.count('#pictures svg', 4);
    await see('#endings', 'Ended today: 1 operator');
    await picture(page, 'console-overview');
  });

  it('The overview shows a message as it is said, and drops a wait that is over', async () => {
    const bob = await Peer.join(router.url, 'bob');
    const { conversation, turn } = await bob.next('turn');
    bob.send({ type: 'say', conversation, turn, text: 'Rested for how long?' });
    await see('#talks > li', /Bread.*bob Rested for how long\?/);
    await looked.gone('#needs .wait');
    bob.close();
  });

  it('The table filters by what was said, by label and by status; the address holds the filters', async () => {
    await page.getByRole('link', { name: 'Conversations' }).click();
    await looked.count('#runs .run', 3);
    await page.getByLabel('Search').fill('Oven Must');
    await see('.runs', 'No conversation fits these filters.');
    await page.getByLabel('also in what was said').check();
    await see('#runs .run', /Bread.*2 ann: The oven must be hot/);
    await looked.count('#runs .run', 1);
    expect(shown()).toBe('runs?q=Oven+Must&scope=messages');
    await page.reload();
    await looked.count('#runs .run', 1);
    await soon(() => page.getByLabel('Search').inputValue()).toBe('Oven Must');
    const row = await page.locator('#runs .run').boundingBox();
    expect(row?.height).toBe(44);
    await page.locator('#runs .found').click();
    await page.locator('#transcript .target[data-seq="2"]').waitFor();
    await page.goto(`${router.http}/#runs?status=running&label=batch:drinks`);
    await looked.count('#runs .run', 1);
    await see('#runs .run', 'Tea');
    await page.locator('#filter-label').fill('');
    await looked.count('#runs .run', 2);
    await page.getByRole('link', { name: 'Label batch:bakery' }).click();
    await see('#run-count', '1 of 3');
  });

  it('The table filters by the day of the opening', async () => {
    const day = (after: number) => {
      const date = new Date(Date.now() + after * 86_400_000);
      return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
    };
    await page.goto(`${router.http}/#runs?from=${day(-1)}&to=${day(1)}`);
    await looked.count('#runs .run', 3);
    await page.getByLabel('Opened until').fill(day(-2));
    await looked.count('#runs .run', 0);
    expect(shown()).toContain(`to=${day(-2)}`);
  });

  it('A filter field keeps the focus while the table is drawn again', async () => {
    await page.goto(`${router.http}/#runs`);
    await page.getByLabel('Search').focus();
    await page.keyboard.type('t');
    await looked.becomes('location.hash', '#runs?q=t');
    await page.keyboard.type('ea');
    await looked.becomes('location.hash', '#runs?q=tea');
    await looked.focused('#filter-q');
    await looked.count('#runs .run', 1);
  });

  it('The chosen conversations are exported: every entry as JSONL, the rows as CSV', async () => {
    await page.goto(`${router.http}/#runs`);
    for (const name of ['Bread', 'Soup'])
      await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
    await see('#chosen-count', '2 chosen');
    const saved = async (button: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: button }).click(),
      ]);
      return readFileSync(await download.path(), 'utf8');
    };
    const entries = (await saved('Export entries (JSONL)'))
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row));
    const expected = [];
    for (const topic of ['Bread', 'Soup']) {
      const conversation = ids.get(topic) as string;
      for (const entry of await router.entries(conversation)) expected.push({ conversation, entry });
    }
    expect(entries).toEqual(expected);
    const rows = (await saved('Export table (CSV)')).trim().split('\r\n');
    expect(rows.length).toBe(3);
    expect(rows[1]).toContain(`${ids.get('Bread')},Bread,running,,ann bob`);
    expect(rows[2]).toContain(',Soup,ended,operator,');
    await page.getByRole('link', { name: 'Compare the two' }).waitFor();
  });

  it('The page names the conversations that are to be ended, asks, and ends them', async () => {
    await page.getByRole('checkbox', { name: 'Choose Tea' }).check();
    await page.getByRole('button', { name: 'End 2…' }).click();
    await see('dialog h2', 'End 2 conversations?');
    expect((await page.locator('#end-names li').allInnerTexts()).map((text) => text.split(' ')[0])).toEqual([
      'Bread',
      'Tea',
    ]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await looked.gone('dialog');
    expect((await router.entries(ids.get('Tea') as string)).at(-1)?.type).not.toBe('ended');
    await page.getByRole('button', { name: 'End 2…' }).click();
    await page.getByRole('button', { name: 'End all 2' }).click();
    await see('.chosen', '2 of 2 conversations ended.');
    await looked.count('#runs .run.ended', 3);
    await looked.gone(page.getByRole('button', { name: /^End \d/ }));
  });

  it('Two conversations of more than one page are compared as a whole', async () => {
    const long = await open({ topic: 'Long', limits: { maxTurns: 0 } });
    for (let i = 0; i < 20; i++) await post(`/${long}/say`, { text: `${i} ${'x'.repeat(30_000)}` });
    const { conversation: fork } = await post(`/${long}/fork`, { at: 21 });
    await post(`/${fork}/say`, { text: 'Only here.' });
    await page.goto(`${router.http}/#compare/${long}/${fork}`);
    await see('#shared', 'the same 20 messages');
    await looked.count('#compare .different', 1);
    await see('#compare .different', 'Only here.');
  });

  it('The overview shows a conversation that ended because an agent is absent', async () => {
    await open({ topic: 'Cake', members: ['dora', 'ann'], limits: { absentMs: 1 } });
    await page.getByRole('link', { name: 'Overview' }).click();
    await see('#needs .failure', /Cake.*ended .* ago: absent/);
  });

  it('One row of the table has the tab stops; arrow keys move from row to row, and the focus is kept out of sight', async () => {
    for (let i = 0; i < 60; i++) await open({ topic: `Row ${i}` });
    await page.goto(`${router.http}/#runs`);
    await see('#run-count', /^6\d$/);
    await looked.count('#runs .run [tabindex="0"]', 2);
    await page.getByRole('link', { name: 'Row 59', exact: true }).focus();
    await page.keyboard.press('ArrowDown');
    await looked.focused('#runs a.open', 'Row 58');
    await page.keyboard.press('Shift+Tab');
    await looked.focused('#runs [aria-label="Choose Row 58"]');
    await page.keyboard.press('ArrowDown');
    await looked.focused('#runs [aria-label="Choose Row 57"]');
    await page.keyboard.press('Space');
    await see('#chosen-count', '1 chosen');
    await page.keyboard.press('Tab');
    await looked.focused('#runs a.open', 'Row 57');
    await looked.count('#runs .run [tabindex="0"]', 2);
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await see('#runs a.open', 'Bread');
    await looked.gone(page.getByRole('link', { name: 'Row 56', exact: true }));
    await looked.focused('#runs a.open', 'Row 57');
    await page.keyboard.press('ArrowDown');
    await looked.focused('#runs a.open', 'Row 56');
    await looked.becomes('document.activeElement.getBoundingClientRect().top > 0', true);
    await page.keyboard.press('End');
    await looked.focused('#runs a.open', 'Bread');
    await page.keyboard.press('Home');
    await looked.focused('#runs a.open', 'Row 59');
    await page.keyboard.press('Enter');
    await see('#title', 'Row 59');
    expect(looked.faults).toEqual([]);
  });
});
