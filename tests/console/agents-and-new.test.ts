import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningRouter } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { Peer } from '../observe/peer.ts';
import { executablePath, type LookedAt, soon } from './looked-at.ts';
import { closeConsole, openConsole } from './opened-console.ts';

describe.skipIf(!executablePath)(
  'The agents and the form of a new conversation',
  { timeout: 120_000 },
  () => {
    let router: RunningRouter;
    let looked: LookedAt;
    let page: Page;
    let see: LookedAt['see'];
    let ann: Peer;
    let bob: Peer;

    beforeAll(async () => {
      const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] };
      const opened = await openConsole(['ann', 'bob'], clipboard);
      ({ router, looked } = opened);
      ({ page, see } = looked);
      [ann, bob] = opened.agents;
    });
    afterAll(closeConsole);
    const shownId = () => decodeURIComponent(new URL(page.url()).hash.split('/')[1] ?? '');

    it('An agent shows its turns and its last fault, which leads to the conversation', async () => {
      ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'], topic: 'Tea' });
      const first = await ann.next('turn');
      ann.send({ type: 'say', conversation: first.conversation, turn: first.turn, text: 'Tea?' });
      const second = await bob.next('turn');
      bob.send({
        ...{ type: 'pass', conversation: second.conversation, turn: second.turn },
        ...{ reason: 'model-not-found', detail: 'no model tea-1' },
      });
      await page.goto(`${router.http}/#agents`);
      await see('#agent-count', '2 connected');
      await see('#agents tr', /ann.*connected.*0 of 1/);
      await see('#agents tr', /bob.*model-not-found.*no model tea-1/);
      await looked.count(page.locator('#agents tr:has-text("ann") > td:nth-of-type(4):text-is("1")'), 1);
      await page.getByRole('link', { name: 'model-not-found' }).click();
      await see('#title', 'Tea');
      await page.goBack();
    });

    it('An agent with two replicas has a row for each, and stays listed when it is away, also on a new page', async () => {
      const other = await Peer.join(router.url, 'bob');
      await looked.count('#agents tr.replica', 2);
      await see('#agents tr', /bob.*connected, 2 replicas/);
      other.close();
      await looked.gone('#agents tr.replica');
      bob.close();
      await see('#agents tr.away', /bob.*away since.*model-not-found/);
      await page.reload();
      await see('#agents tr.away', /bob.*away since.*model-not-found/);
      await see('#agent-count', '1 connected, 1 away');
      bob = await Peer.join(router.url, 'bob');
      await looked.gone('#agents tr.away');
    });

    it('A shipped scenario fills the form, and the address holds its name', async () => {
      await page.goto(`${router.http}/#new`);
      await page.getByLabel('Start from').selectOption({ label: 'A customer simulator against a bot' });
      await looked.becomes('location.hash', '#new?scenario=customer');
      await looked.count('#new .order > li', 2);
      await see('#new .order > li', /customer.*speaks first.*not connected/);
      await soon(() => page.getByLabel('Most turns').inputValue()).toBe('20');
      await page.reload();
      await soon(() => page.getByLabel('First message').inputValue()).toBe('Hi, where is my parcel?');
    });

    it('The form gives the command that starts an agent which is not connected, and copies it', async () => {
      await looked.count('#missing .command', 2);
      await see('#missing .command', `ROUTER_URL=${router.url.replace(/\/$/, '')} npm run agent -- bot`);
      const command = page.locator('#missing .command', { hasText: '-- bot' });
      await command.getByRole('button', { name: 'Copy' }).click();
      await command.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toContain('npm run agent -- bot');
    });

    it('A person takes the seat of a member of the new conversation, and the agents have the personas of the scenario', async () => {
      await page.getByText('Persona and model of customer').click();
      await page.getByLabel('I take the seat of customer').check();
      await see('#new .order > li', /customer.*speaks first.*you speak for it/);
      await looked.count('#missing .command', 1);
      await page.getByRole('button', { name: 'Open the conversation' }).click();
      await see('#transcript .said', 'Hi, where is my parcel?');
      await see('#members', /customer.*operator speaks for it/);
      const opened = await until('the opening', async () =>
        (await router.entries(shownId())).find((one) => one.type === 'opened'),
      );
      expect(opened).toMatchObject({
        ...{ members: ['customer', 'bot'], topic: 'The support chat of a shop for bicycle parts' },
        limits: { maxTurns: 20, maxTokensPerAgent: 30_000, maxOutputTokens: 160, farewells: true },
      });
      expect(opened.type === 'opened' && opened.cast?.map(({ name }) => name)).toEqual(['customer', 'bot']);
    });

    it('The form adds a name that is not connected, and says what the router refuses', async () => {
      await page.goto(`${router.http}/#new`);
      await page.getByRole('button', { name: 'Add ann' }).click();
      await page.getByLabel('Other name').fill('not a name!');
      await page.getByLabel('Other name').press('Enter');
      await page.getByRole('button', { name: 'Open the conversation' }).click();
      await see('#new-fault', /name|members/);
      await page.getByRole('button', { name: 'Take not a name! out' }).click();
      await page.getByLabel('Other name').fill('cid');
      await page.getByRole('button', { name: 'Add the name' }).click();
      await page.getByLabel('Topic').fill('Later');
      await page.getByRole('button', { name: 'Open the conversation' }).click();
      await see('#title', 'Later');
      expect(looked.faults.filter((fault) => !fault.includes('400'))).toEqual([]);
    });
  },
);
