import { newToken } from '@parley/router/token';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, parley } from '../harness/command-line.ts';
import { RunningRouter } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { executablePath, type LookedAt, openBrowser, openPage, soon } from './looked-at.ts';
import { violations } from './violations.ts';

const made = {
  boss: newToken(['boss', '--role', 'operator']),
  watcher: newToken(['watcher', '--role', 'observer']),
};

describe.skipIf(!executablePath)('Share links, in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let router: RunningRouter;
  let operator: LookedAt;
  let reader: LookedAt;
  let id: string;
  let link: string;

  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${router.http}/v1/conversations${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${made.boss.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return (await response.json()) as Record<string, unknown>;
  };

  const signIn = async (page: Page, token: string) => {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  beforeAll(async () => {
    router = await RunningRouter.start({ ROUTER_TOKENS: `${made.boss.line}\n${made.watcher.line}` });
    browser = await openBrowser();
    operator = await openPage(browser);
    reader = await openPage(browser);
    const opened = await post('', { members: ['ann', 'bob'], topic: 'The ferry', opening: 'It is late.' });
    id = String(opened.conversation);
    await post('', { members: ['ann', 'bob'], topic: 'A secret' });
  });
  afterAll(async () => {
    await browser?.close();
    await killAll();
  });

  it('a link to an entry asks for a token where the router wants one, and then shows that entry', async () => {
    const { page, see } = operator;
    await page.goto(`${router.http}/#/${id}/2`);
    await see('#sign-in', 'Sign in');
    await signIn(page, made.boss.token);
    await see('#transcript .target[data-seq="2"]', 'It is late.');
    expect(page.url()).toContain(`#/${id}/2`);
  });

  it('an operator makes a share link; who opens it reads the conversation as it happens, without controls', async () => {
    const { page, see } = operator;
    await page.locator('#share').getByLabel('Valid for').selectOption({ label: '1 day' });
    await page.getByRole('button', { name: 'Make a link' }).click();
    link = await page.getByLabel('Share link').inputValue();
    await see('#shares', /by boss · valid until/);
    await reader.page.goto(link);
    await reader.see('#title', 'The ferry');
    await reader.see('.bar', 'shared with you, to read');
    await post(`/${id}/say`, { text: 'The boat comes.' });
    await reader.see('#transcript .said', 'The boat comes.');
    await reader.gone('#speak, .acts, #share, .seat, nav[aria-label=Views]');
    expect(await violations(reader.page)).toEqual([]);
  });

  it('the token of a share link is taken out of the address, is sent in no URL, and is kept over a reload', async () => {
    const token = new URL(link).hash.split('=')[1] ?? '';
    expect(token).toMatch(/^share_/);
    expect(reader.page.url()).toBe(`${router.http}/#/${id}`);
    await reader.page.reload();
    await reader.see('#transcript .said', 'The boat comes.');
    const asked = await reader.page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name),
    );
    expect(asked.filter((url) => url.includes(token))).toEqual([]);
    expect(reader.faults).toEqual([]);
  });

  it('with a share link no other view and no other conversation can be read', async () => {
    const { page, see } = reader;
    await page.goto(`${router.http}/#runs`);
    await see('#sign-in-why', 'this share link is for one conversation');
    await page.goto(`${router.http}/#/${id}`);
    await see('#title', 'The ferry');
    reader.faults.length = 0;
  });

  it('an operator revokes a share link: the page that shows it stops, and says why', async () => {
    const { page, see } = operator;
    await page.getByRole('button', { name: /^Revoke the link/ }).click();
    await see('#shares', 'revoked by boss');
    await reader.see('#sign-in-why', 'this share link was revoked');
    await reader.gone('#transcript');
    await signIn(reader.page, made.watcher.token);
    await reader.see('#me', 'watcher, observer');
    await reader.see('#title', 'The ferry');
  });

  it('the command line makes, lists and revokes share links, and prints a link that the console opens', async () => {
    const env = { PARLEY_TOKEN: made.boss.token, ROUTER_URL: router.http };
    const printed = async (...args: readonly string[]) => {
      const process = parley(args, env);
      const { code } = await process.exit(60_000);
      if (code !== 0) throw new Error(process.stderr);
      return process.stdout;
    };
    const url = (await printed('share', id.slice(0, 12), '--for', '12h')).trim();
    const other = await openPage(browser);
    await other.page.goto(url);
    await other.see('#title', 'The ferry');
    const shares = JSON.parse(await printed('share', id, '--list', '--json')) as { share: string }[];
    expect(shares).toMatchObject([{ by: 'boss' }, { revokedBy: 'boss' }]);
    await printed('share', id, '--revoke', String(shares[0]?.share));
    await other.see('#sign-in-why', 'this share link was revoked');
    await other.close();
    await expect(answerOf('share', id, '--for', '2y')).rejects.toThrow(
      '--for: expected a time such as 30m, 12h or 7d',
    );
    await soon(() => operator.faults).toEqual(operator.faults.filter((fault) => fault.includes('401')));
  });
});
