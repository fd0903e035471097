import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { executablePath, openBrowser, openPage, picture } from '../console/looked-at.ts';
import { missingTest } from '../docs/named-tests.ts';
import { until } from '../harness/poll.ts';
import { havePython } from '../harness/python.ts';
import { killAll, repository } from '../harness/started-process.ts';
import { documentedPage } from './documented-blocks.ts';
import { type SessionOptions, ShellSession } from './shell-session.ts';

afterEach(killAll);

const pages = ['docs/tutorial.md', ...globSync('docs/how-to/*.md', { cwd: repository }).toSorted()];
const hasPython = havePython();
/** What the tests of this file have run, by page. */
const ran = new Map<string, Set<string>>();

/** What a reader of the tutorial sees in the browser. */
const lookedAtInConsole = async (url: string, id: string, fork: string): Promise<void> => {
  const browser = await openBrowser();
  try {
    const { page, see, faults } = await openPage(browser);
    await page.goto(`${url}/#/${id}`);
    await see('#status', 'paused');
    await see('#transcript .said', 'Please name one street');
    await picture(page, 'tutorial-conversation');
    await page.goto(`${url}/#compare/${id}/${fork}`);
    await see('#shared', 'They begin with the same');
    await see('#compare .different', /differs/);
    await picture(page, 'console-compare');
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
  }
};

/** A page whose blocks are noted as they run. */
class Walk extends ShellSession {
  readonly #noted: Set<string>;
  constructor(page: string, options: SessionOptions = {}) {
    super(page, options);
    this.#noted = ran.get(page) ?? new Set();
    ran.set(page, this.#noted);
  }
  override stay(name: string) {
    this.#noted.add(name);
    return super.stay(name);
  }
  /** What the block prints; it must succeed. */
  async printed(name: string): Promise<string> {
    const { out, code } = await this.run(name);
    expect(code, out).toBe(0);
    return out;
  }
  override run(name: string) {
    this.#noted.add(name);
    return super.run(name);
  }
  /** Starts the router of the page, which all its other blocks then use. */
  async router(): Promise<string> {
    const { url } = await this.stay('router').logged('listening', 60_000);
    this.env.ROUTER_URL = String(url);
    return String(url);
  }
}

describe('The tutorial', () => {
  it('the tutorial leads from a running debate over pause, steps and a fork to a comparison and an export', {
    timeout: 180_000,
  }, async () => {
    const walk = new Walk('docs/tutorial.md', {
      adapted: (code) =>
        code.replace('run scenarios', 'run --port 0 scenarios').replace('pace=6s', 'pace=1s --turns 40'),
    });
    const debate = walk.stay('debate');
    const [, url = ''] = await debate.when(
      'its address',
      ({ stdout }) => /watch it at (\S+)/.exec(stdout) ?? undefined,
      60_000,
    );
    walk.env.ROUTER_URL = url;
    const paused = await walk.printed('pause');
    const [, id = ''] = /^(\S+): pause is entry \d+$/m.exec(paused) ?? [];
    expect(paused).toMatch(new RegExp(`^${id} +running +\\d+ .*judge, pro, con`, 'm'));
    const steered = await walk.printed('steer');
    expect(steered).toMatch(/say is entry \d+\n.*step is entry \d+/);
    expect(steered).toContain('Please name one street');
    const stepped = async () => {
      const { conversation } = (await (await fetch(`${url}/v1/conversations/${id}`)).json()) as {
        conversation: { status: string; turns: number };
      };
      return conversation.status === 'paused' && conversation.turns >= 4;
    };
    await until('the two turns', stepped, 60_000);
    const forked = await walk.printed('fork');
    expect(forked).toMatch(/^Ended: (agreed|max-turns) /m);
    const compared = await walk.printed('compare');
    expect(compared).toMatch(/… \d+ entries shared, 3 of them turns …/);
    expect(compared).toContain('in favour of closing the centre');
    const list = (await (await fetch(`${url}/v1/conversations`)).json()) as {
      conversations: { id: string }[];
    };
    const fork = list.conversations.find((one) => one.id !== id)?.id ?? '';
    if (executablePath) await lookedAtInConsole(url, id, fork);
    const saved = await walk.printed('save');
    expect(saved).toContain('2 conversations written to debate.html');
    expect(saved).toContain('1 conversation written to debate.md');
    const page = readFileSync(join(walk.folder, 'debate.html'), 'utf8');
    expect(page.match(/<article|<section/g)?.length).toBeGreaterThanOrEqual(2);
    expect(readFileSync(join(walk.folder, 'debate.md'), 'utf8')).toContain('Please name one street');
    await debate.when(
      'the end',
      ({ stdout }) => /Ended: operator.*seen enough/.exec(stdout) ?? undefined,
      60_000,
    );
    expect(await walk.printed('kept')).toMatch(/A debate with a judge/);
  });
});

describe('A how-to', () => {
  it.skipIf(!hasPython)('the agent in Python takes its turns and votes to end', async () => {
    const walk = new Walk('docs/how-to/agent-in-python.md');
    await walk.router();
    walk.stay('dora');
    const alice = walk.stay('alice');
    expect(await alice.logged(/conversation ended/, 60_000)).toMatchObject({ reason: 'agreed' });
    const shown = await walk.printed('look');
    expect(shown).toMatch(/ended: agreed \(settled\)/);
    expect(shown).toMatch(/^dora: I heard \d+ words/m);
  });

  it('the prompt module and the client in TypeScript take part in conversations', async () => {
    const walk = new Walk('docs/how-to/agent-in-typescript.md');
    walk.env.AGENT_MAX_TURNS = '4';
    await walk.router();
    walk.stay('bob');
    expect(await walk.stay('alice').logged(/conversation ended/, 60_000)).toMatchObject({
      reason: 'max-turns',
    });
    expect(await walk.printed('look')).toMatch(/alice, bob/);
    walk.stay('erin');
    walk.env.AGENT_MAX_TURNS = '12';
    expect(await walk.stay('carl').logged(/conversation ended/, 60_000)).toMatchObject({ reason: 'agreed' });
    expect(await walk.printed('look at it')).toMatch(/carl, erin/);
  });

  it('a scenario of one’s own is checked, run, changed and repeated', async () => {
    const walk = new Walk('docs/how-to/scenario.md');
    expect(await walk.printed('check')).toMatch(/: ok/);
    expect(await walk.printed('run')).toMatch(/^Ended: max-turns/m);
    expect(await walk.printed('vary')).toMatch(/^as written +2 /m);
  });

  it('a bot is tested by a batch of simulated users, a rule, and a replay of a recorded run', async () => {
    const walk = new Walk('docs/how-to/test-a-bot.md', {
      adapted: (code) => code.replace('--runs 4', '--runs 2'),
    });
    await walk.printed('batch');
    expect((await walk.run('rule')).out).toMatch(/^\d of 4 customers were helped$/m);
    expect(await walk.printed('record')).toMatch(/^OK: \d+ entries, the same as recorded/m);
  });

  it('the router answers a request for its metrics', async () => {
    const walk = new Walk('docs/how-to/read-metrics.md', {
      adapted: (code) => code.replace('http://127.0.0.1:8765', '$HTTP'),
    });
    walk.env.HTTP = (await walk.router()).replace(/^ws/, 'http').replace(/\/$/, '');
    expect(await walk.printed('look')).toMatch(/^parley_turns_waiting\{reason="absent"\} 0$/m);
  });

  it('a scenario becomes the files of a deployment', async () => {
    const walk = new Walk('docs/how-to/deploy.md');
    await walk.printed('files');
    for (const file of ['debate.compose.yml', 'debate.kubernetes.yaml'])
      expect(existsSync(join(walk.folder, file))).toBe(true);
  });

  it('the doctor looks at the settings of a model, and a short demo runs', async () => {
    const walk = new Walk('docs/how-to/real-model.md', {
      adapted: (code) => code.replace('demo --turns', 'demo --port 0 --turns'),
    });
    // No router runs, which the doctor finds.
    expect((await walk.run('doctor')).out).toMatch(/model/i);
    expect(await walk.printed('demo')).toMatch(/^Ended: max-turns/m);
  });
});

describe('The blocks of the tutorial and of the how-tos', () => {
  it.each(pages)('each block of commands of %s says what runs it, and that exists', (page) => {
    const { blocks } = documentedPage(page);
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) {
      if (block.kind === 'tested') expect(missingTest(block.file, block.title)).toBeUndefined();
      // The checkout and the file .env are there: a test neither clones nor overwrites them.
      if (block.kind === 'unmarked') expect(block.code).toMatch(/^git clone|^ *cp \.env\.example \.env$/m);
      // Without Python the page about it cannot be walked through here; in CI it must be.
      const isWalked = page !== 'docs/how-to/agent-in-python.md' || hasPython;
      if (isWalked && (block.kind === 'run' || block.kind === 'background'))
        expect(ran.get(page) ?? new Set(), `of ${page}`).toContain(block.name);
    }
  });
});

describe('The pictures of the documents', () => {
  it('each picture of the documents is taken by a test, with PARLEY_PICTURES=1', () => {
    const tests = globSync('tests/{console,site}/*.test.ts', { cwd: repository });
    const sources = tests.map((path) => readFileSync(join(repository, path), 'utf8')).join('\n');
    const taken = [...sources.matchAll(/picture\(page, '([\w-]+)'\)/g)].map(([, name]) => `${name}.png`);
    expect(taken.toSorted()).toEqual(globSync('*', { cwd: join(repository, 'docs/images') }).toSorted());
  });
});
