import type { Entry } from '@parley/protocol';
import { newToken } from '@parley/router/token';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningRouter } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import type { Peer } from '../observe/peer.ts';
import { executablePath, type LookedAt, openPage, soon } from './looked-at.ts';
import { closeConsole, openConsole } from './opened-console.ts';

/** What is looked at of a form's elements. */
interface Field {
  readonly textContent: string;
  readonly labels?: ArrayLike<unknown>;
  readonly ariaLabel: string | null;
  readonly outerHTML: string;
}

describe.skipIf(!executablePath)('An operator at the console, in a browser', { timeout: 120_000 }, () => {
  let browser: Browser;
  let router: RunningRouter;
  let looked: LookedAt;
  let page: Page;
  let see: LookedAt['see'];
  let ann: Peer;
  let bob: Peer;

  beforeAll(async () => {
    const opened = await openConsole(['ann', 'bob']);
    ({ router, browser, looked } = opened);
    ({ page, see } = looked);
    [ann, bob] = opened.agents;
    await page.goto(`${router.http}/#new`);
  });
  afterAll(closeConsole);

  const press = (name: string | RegExp) =>
    page.getByRole('button', { name, exact: typeof name === 'string' }).click();
  const shown = () => decodeURIComponent(new URL(page.url()).hash.split('/')[1] ?? '');
  const last = async (type: Entry['type']) =>
    until(`an entry ${type}`, async () =>
      (await router.entries(await shown())).findLast((entry) => entry.type === type),
    );
  const answer = async (speaker: Peer, text: string) => {
    const { conversation, turn } = await speaker.next('turn');
    speaker.send({ type: 'say', conversation, turn, text });
    await speaker.next('accepted');
  };
  const say = async (as: string, text: string) => {
    await page.locator('#speak-as').selectOption({ label: as });
    await page.getByLabel('What to say').fill(text);
    await page.getByLabel('What to say').press('Enter');
  };

  it('the form of a new conversation says that it needs two members before it sends anything', async () => {
    await press('Add bob');
    await press('Open the conversation');
    await see('#new-fault', 'at least two members');
  });

  it('an operator opens a conversation in a chosen order, with a persona, a model and limits', async () => {
    await press('Add ann');
    await press('Move ann up');
    await page.getByText('Persona and model of bob').click();
    await page.getByLabel('Persona', { exact: true }).last().fill('Bob bakes.');
    await page.getByLabel('Model', { exact: true }).last().fill('baker-1');
    await page.getByLabel('Topic').fill('Bread');
    await page.getByLabel('First message').fill('I am for it.');
    await page.getByLabel('Most turns').fill('30');
    await press('Open the conversation');
    await see('#title', 'Bread');
    await see('#transcript .said', 'I am for it.');
    expect(await last('opened')).toMatchObject({
      ...{ by: 'ann', members: ['ann', 'bob'], policy: 'round-robin', limits: { maxTurns: 30 } },
      cast: [{ name: 'bob', persona: 'Bob bakes.', model: 'baker-1' }],
    });
    await see('#members .member', /bob.*baker-1/);
  });

  it('an operator pauses, steps one turn and resumes, and the pressed button keeps the focus', async () => {
    await press('Pause');
    await see('#status', 'paused');
    await looked.focused('button', /^Resume$/);
    await answer(bob, 'I am not.');
    await see('#members', /ann.*waits: paused/);
    await press('One turn');
    await answer(ann, 'Why?');
    await see('#transcript .resumed', 'resumed by operator for 1 turn');
    await see('#status', 'paused');
    await looked.focused('button', /^One turn$/);
    await press('Resume');
    await see('#status', 'running');
    await looked.focused('button', /^Pause$/);
  });

  it('an operator says a message in the colour of no member, and whispers to one member', async () => {
    await say('operator', 'Be brief, please.');
    await see('#transcript .said.colour-none', /operator.*Be brief, please/);
    await say('whisper to bob', 'mention <b>salt</b>');
    await see('#transcript .noted', 'whisper from operator to bob: mention <b>salt</b>');
    expect(await last('noted')).toMatchObject({ to: ['bob'], kind: 'whisper' });
    await soon(() => page.getByLabel('What to say').inputValue()).toBe('');
  });

  it('an operator takes a seat, speaks in it, and gives it back', async () => {
    await press('Take the seat of bob');
    await see('#members', /bob.*operator speaks for it/);
    await looked.focused('#speak-text');
    await page.keyboard.type('I am Bob.');
    await press('Say');
    await see('#transcript .said', /bob.*I am Bob/);
    await press('Give back the seat of bob');
    await see('#transcript .unseated', 'bob speaks for itself again');
    await answer(ann, 'Welcome back.');
    await see('#members', /bob.*has the floor/);
  });

  it('an operator forks at an entry with another model: shared entries are marked, and each branch links to the other', async () => {
    const parent = shown();
    const { seq } = (await router.entries(parent)).find(
      (entry) => 'text' in entry && entry.text === 'Why?',
    ) as Entry;
    await press(`Actions of entry ${seq}`);
    await page.getByRole('menuitem', { name: 'Fork here…' }).click();
    await page.getByLabel('Model of bob').fill('baker-2');
    await press('Fork');
    await see('#transcript .forked', 'forked by operator');
    await looked.count('#transcript .said.shared', 3);
    await looked.gone('#transcript .said:not(.shared)');
    await see('#facts', `entry ${seq} of another`);
    await see('#members .member', /bob.*baker-2/);
    expect(shown()).not.toBe(parent);
    expect(await last('forked')).toMatchObject({
      cast: [{ name: 'bob', persona: 'Bob bakes.', model: 'baker-2' }],
    });
    await page.getByRole('link', { name: 'the other branch' }).click();
    await see('#transcript .said', 'Welcome back.');
    expect(shown()).toBe(parent);
  });

  it('an operator confirms the end of a conversation, after which only a fork is possible', async () => {
    await press('End…');
    await see('dialog', 'End “Bread”?');
    await press('Cancel');
    await looked.focused('button', 'End…');
    await see('#status', 'running');
    await press('End…');
    await press('End the conversation');
    await see('#status', 'ended: operator');
    for (const name of ['Pause', 'Resume', 'End…', 'Say'])
      await looked.gone(page.getByRole('button', { name, exact: true }));
    await looked.gone('#members .seat');
    await press(/^Actions of entry 2$/);
    await see('[role=menuitem]', 'Fork here…');
    await page.keyboard.press('Escape');
    await looked.gone('[role=menu]');
    await looked.focused('.more');
  });

  it('a menu closes on an Escape that comes before the menu has the focus', async () => {
    const button = page.getByRole('button', { name: /^Actions of entry 2$/ });
    await button.evaluate((shown) => {
      const { KeyboardEvent } = globalThis as unknown as { KeyboardEvent: new (...of: unknown[]) => never };
      const element = shown as unknown as { click(): void; dispatchEvent(event: unknown): void };
      element.click();
      // The menu is in the page now, and nothing has been painted since.
      return Promise.resolve().then(() =>
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })),
      );
    });
    await looked.gone('[role=menu]');
    await looked.focused('.more');
  });

  it('an operator compares two branches: shared entries are folded, and differences are marked', async () => {
    await page.getByRole('link', { name: 'Conversations' }).click();
    await page.getByRole('checkbox', { name: 'Choose Bread' }).nth(1).waitFor();
    for (const box of await page.getByRole('checkbox', { name: 'Choose Bread' }).all()) await box.check();
    await page.getByRole('link', { name: 'Compare the two' }).click();
    await see('#shared', 'the same 3 messages');
    await see('#compare .different', 'Be brief, please.');
    await looked.gone('#compare .same');
    await press('Show what they share');
    await looked.count('#compare .same', 3);
  });

  it.each(['light', 'dark'] as const)(
    'the controls of an operator fit on 375 pixels, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 375, height: 700 });
      await page.goto(`${router.http}/#runs?status=running`);
      await page.locator('#runs').getByRole('link', { name: 'Bread' }).first().click();
      await page.getByLabel('What to say').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
      await page.setViewportSize({ width: 1280, height: 800 });
    },
  );

  it('the page of an operator has a name for every button and field, and no error', async () => {
    const nameless = await page
      .locator('button, input, select, textarea')
      .evaluateAll((all) =>
        (all as unknown as Field[])
          .filter((one) => !one.textContent.trim() && !one.labels?.length && !one.ariaLabel)
          .map(({ outerHTML }) => outerHTML),
      );
    expect(nameless).toEqual([]);
    expect(looked.faults).toEqual([]);
  });

  it('an observer sees its own role and none of the controls', async () => {
    const made = {
      watcher: newToken(['watcher', '--role', 'observer']),
      boss: newToken(['boss', '--role', 'operator']),
    };
    const guarded = await RunningRouter.start({ ROUTER_TOKENS: `${made.watcher.line}\n${made.boss.line}` });
    const signedIn = async (token: string, role: string, newLinks: number) => {
      const other = await openPage(browser);
      await other.page.goto(guarded.http);
      await other.page.getByLabel('Token').fill(token);
      await other.page.getByRole('button', { name: 'Sign in' }).click();
      await other.see('#me', role);
      await other.count(other.page.getByRole('link', { name: 'New conversation' }), newLinks);
      await other.close();
    };
    await signedIn(made.watcher.token, 'watcher, observer', 0);
    await signedIn(made.boss.token, 'boss, operator', 1);
  });
});
