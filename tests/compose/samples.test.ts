import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectWhole } from '../harness/whole-conversation.ts';
import { type ConversationPage, Deployment } from './deployment.ts';

const project = 'parley-test-samples';
let deployment: Deployment;
let other: Deployment;

/** The main file with the sample of ten agents laid over it, and the sample of a second project in its network. */
beforeAll(async () => {
  deployment = await Deployment.create(project, {
    files: ['docker-compose.yml', 'deploy/compose/ten-agents.yml', 'tests/compose/overlay.yml'],
    env: { AGENT_REHEARSAL_DELAY_MS: '100' },
  });
  other = await Deployment.create('parley-test-other', {
    files: ['deploy/compose/other-project.yml'],
    env: { PARLEY_NETWORK: `${project}_default`, AGENT_REHEARSAL_DELAY_MS: '100' },
  });
});
afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await deployment[Symbol.asyncDispose]();
});

const parley = (...args: string[]): string => deployment.compose(['run', '--rm', '-T', 'parley', ...args]);
const speakersOf = ({ entries }: ConversationPage): string[] =>
  entries.flatMap((entry) => (entry.type === 'said' ? [entry.from] : []));

test('a scenario runs through the image of the command line on the router of the deployment, and is exported from there', async () => {
  // Nothing is up: Compose starts the router together with the command.
  const shown = parley('run', 'scenarios/debate.yaml');
  expect(shown).toMatch(/^Ended: (agreed|max-turns)/m);
  const { conversation, entries } = await deployment.conversation('the debate', () => true);
  expect(conversation).toMatchObject({ status: 'ended', members: ['judge', 'pro', 'con'] });
  const published = new URL(deployment.routerUrl).host;
  expect(shown).toContain(`watch it at http://${published}`);

  const exported = parley('export', conversation.id, '--format', 'markdown');
  for (const entry of entries) if (entry.type === 'said') expect(exported).toContain(entry.text.slice(0, 40));
});

test('the agents of a second Compose project join over the network of the first', async () => {
  deployment.up(['router', 'bob']);
  other.compose(['up', '--detach']);
  const joined = await deployment.conversation('of dora', ({ by, turns }) => by === 'dora' && turns >= 4);
  expect(joined.conversation.members).toEqual(['dora', 'bob']);
  expect(speakersOf(joined).slice(0, 4)).toEqual(['dora', 'bob', 'dora', 'bob']);
});

test('ten agents by `extends` speak in a ring', async () => {
  const ring = Array.from({ length: 10 }, (_, index) => `agent-${index + 1}`);
  deployment.compose(['up', '--no-build', '--detach', 'router', 'watch', ...ring]);
  const { entries } = await deployment.conversation(
    'of the ring',
    ({ by, status }) => by === 'agent-1' && status === 'ended',
  );
  expectWhole(entries, { turns: 40, circle: ring });
});
