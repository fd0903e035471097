import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, temporaryFolder } from '../harness/parley.ts';
import { killAll, repository, StartedProcess } from '../harness/started-process.ts';
import { missingTest } from './named-tests.ts';

afterEach(killAll);

const readme = readFileSync(join(repository, 'README.md'), 'utf8');
/** make takes the dependencies as installed: a test must not replace the modules that the others use. */
const installed = 'node_modules/.package-lock.json';
const rehearsal = { AGENT_MODEL_KIND: 'rehearsal', AGENT_REHEARSAL_DELAY_MS: '1', PARLEY_RUNS_KEEP: '0' };

/** A command of README.md, as it stands there, started in the repository. */
const start = (command: string, env: Record<string, string> = {}): StartedProcess =>
  new StartedProcess(command, 'bash', {
    args: ['-c', `exec ${command.replace(/^make /, `make -o ${installed} `)}`],
    env: { ...rehearsal, ...env },
    detached: true,
  });

const outputOf = async (command: string): Promise<string> => {
  const process = start(command);
  expect(await process.exit(90_000), process.stderr).toEqual({ code: 0, signal: null });
  return process.stdout;
};

/** What runs a command or a snippet: a test of this file, or one elsewhere by file and title. */
type Runner = (() => Promise<void>) | { readonly file: string; readonly title: string };

const watchInCompose = {
  file: 'tests/compose/watch.test.ts',
  title: '`docker compose up` prints names, sentences, the ending and the address of the page',
};
const packed = {
  file: 'tests/operators/npm-package.test.ts',
  title:
    'the npm package runs the demo with `npx parley demo` in an empty folder, and has the page and the services in it',
};
const crowd = {
  file: 'tests/compose/crowd.test.ts',
  title: 'one host holds a conversation with each of them at the same time',
};

const threeTerminals = async (): Promise<void> => {
  const router = start('npm run -s router', { ROUTER_PORT: '0', ROUTER_LEDGER: 'memory' });
  const { url } = await router.logged('listening', 60_000);
  const env = { ROUTER_URL: String(url), AGENT_MAX_TURNS: '4' };
  const alice = start('npm run -s agent -- alice bob alice', env);
  start('npm run -s agent -- bob alice alice', env);
  const ended = await alice.logged(/conversation ended/, 90_000);
  expect(ended).toMatchObject({ reason: 'max-turns' });
};

const runners: Readonly<Record<string, Runner>> = {
  'make demo': async () => {
    const shown = await outputOf('make demo');
    expect(shown).toMatch(/^Watch it in a browser: http:/m);
    expect(shown).toMatch(/^Ended: max-turns/m);
  },
  // The tests run now; what is left to show is that the target runs them.
  'make test': async () => {
    expect(await outputOf('make -n test')).toContain('npm run -s test');
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    expect(scripts.test).toBe('vitest run');
  },
  'make help': async () => {
    expect(await outputOf('make help')).toMatch(/^ {2}demo +\S/m);
  },
  'docker compose up': watchInCompose,
  '--profile observe': {
    file: 'tests/compose/observe.test.ts',
    title: 'Prometheus scrapes the router and every agent',
  },
  '--profile panel': {
    file: 'tests/conversations/agents-in-one-process.test.ts',
    title: 'the service panel of docker-compose.yml is ten agents of one process that speak in turn and end',
  },
  'docker compose --profile crowd up --scale crowd=5': crowd,
  'docker compose run --rm parley …': {
    file: 'tests/compose/watch.test.ts',
    title: 'the command line runs in a container: it lists and exports conversations',
  },
  'docker compose run --rm parley run scenarios/debate.yaml': {
    file: 'tests/compose/samples.test.ts',
    title:
      'a scenario runs through the image of the command line on the router of the deployment, and is exported from there',
  },
  'npm pack -w parley': packed,
  'cd /some/other/folder && npm install /path/to/parley-0.1.0.tgz && npx parley demo': packed,
  'npx parley …': packed,
  'npm ci': async () => {
    expect(await outputOf(`bash -c 'make -n --always-make ${installed}'`)).toContain('npm ci');
  },
  'cp .env.example .env': {
    file: 'tests/docs/env-example.test.ts',
    title: '.env.example gives the services the same settings as no file',
  },
  'make scenario FILE=scenarios/debate.yaml': async () => {
    expect(await outputOf('make scenario FILE=scenarios/debate.yaml')).toMatch(/^Ended: /m);
  },
  'npm run -s parley -- check scenarios/debate.yaml': async () => {
    expect(await outputOf('npm run -s parley -- check scenarios/debate.yaml')).toMatch(/: ok/);
  },
  'npm run -s parley -- help': async () => {
    const shown = await outputOf('npm run -s parley -- help');
    for (const command of ['fork', 'diff', 'replay', 'batch', 'export'])
      expect(shown).toMatch(new RegExp(`^  ${command} +\\S`, 'm'));
  },
  'npm run -s parley -- doctor': {
    file: 'tests/operators/doctor.test.ts',
    title: 'parley doctor exits with 0 when it finds no fault, and with 1 and the fix when it finds one',
  },
  'docker compose run --rm parley doctor': {
    file: 'apps/cli/test/doctor.test.ts',
    title: 'parley doctor says in a container that it cannot reach the engine from there',
  },
  'npm run -s router': threeTerminals,
  'npm run -s agent -- alice bob alice': threeTerminals,
  'npm run -s agent -- bob alice alice': threeTerminals,
  'npm run -s site': {
    file: 'tests/site/site.test.ts',
    title: 'the site has a page for each document of docs, and each can be reached from every page',
  },
  'npm run -s parley -- …': {
    file: 'tests/operators/cli.test.ts',
    title:
      'parley lists conversations with their endings and the groups of these, and completes their ids and members',
  },
  'npm run conformance -- ws://localhost:8765': async () => {
    // One check waits for two pings.
    const { url } = await RunningRouter.start({ ROUTER_HEARTBEAT_SECONDS: '2' });
    const process = start(`npm run -s conformance -- ${url} --only 3`);
    expect(await process.exit(60_000), process.stdout).toEqual({ code: 0, signal: null });
    expect(process.stdout).toMatch(/[1-9]\d* passed, 0 failed/);
  },
};

const snippets: Readonly<Record<string, Runner>> = {
  python: {
    file: 'tests/docs/readme-client.test.ts',
    title: 'the Python client of README.md is answered only by alice, answers, votes and leaves',
  },
  ts: async () => {
    const file = join(temporaryFolder(), 'prompt.ts');
    writeFileSync(file, String(/```ts\n(.*?)```/s.exec(readme)?.[1]));
    const { url } = await RunningRouter.start();
    const env = { ROUTER_URL: url, AGENT_MAX_TURNS: '4', AGENT_PROMPT_MODULE: file };
    const alice = start('npm run -s agent -- alice bob alice', env);
    start('npm run -s agent -- bob alice alice', env);
    expect(await alice.logged(/conversation ended/, 90_000)).toMatchObject({ reason: 'max-turns' });
  },
};

const blocks = [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, kind, text]) => ({
  kind: kind as string,
  text: text as string,
}));
const prose = readme.replaceAll(/^```.*?^```$/gms, '');

/** The lines of shell blocks and sessions, and the commands in the text; comments are cut off. */
const commands = new Set(
  [
    ...blocks.filter(({ kind }) => kind === 'sh').flatMap(({ text }) => text.split('\n')),
    ...blocks.flatMap(({ text }) => [...text.matchAll(/^\$ (.+)$/gm)].map(([, line]) => line as string)),
    ...[...prose.matchAll(/`((?:make|docker|npm|npx|cp|node|git|--profile)\s(?!run`)[^`]+)`/g)].map(
      ([, line]) => line as string,
    ),
  ]
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== ''),
);

describe('The commands of README.md', () => {
  it('the commands of README.md are found in its blocks and in its text', () => {
    expect(commands.size).toBeGreaterThan(15);
  });

  it('each command of README.md has a test that runs it, and no other test exists', () => {
    expect([...commands].toSorted()).toEqual(Object.keys(runners).toSorted());
  });

  it.each(
    [...Object.entries(runners), ...Object.entries(snippets)].flatMap(([name, runner]) =>
      typeof runner === 'function' ? [] : [[name, runner] as const],
    ),
  )('the command %s of README.md has a test in another file, which exists', (_, { file, title }) => {
    expect(missingTest(file, title)).toBeUndefined();
  });

  const here = new Map(
    Object.entries(runners).flatMap(([name, runner]) =>
      typeof runner === 'function' ? [[runner, name] as const] : [],
    ),
  );
  it.each([...here].map(([runner, name]) => [name, runner] as const))(
    'the command of README.md does what README.md says: %s',
    (_, runner) => runner(),
  );
});

describe('The snippets of README.md', () => {
  it('each snippet of README.md has a test that runs it', () => {
    const kinds = blocks.map(({ kind }) => kind).filter((kind) => kind !== '' && kind !== 'sh');
    expect(kinds.toSorted()).toEqual(Object.keys(snippets).toSorted());
  });

  it('the prompt module in README.md works unchanged', () => (snippets.ts as () => Promise<void>)());
});
