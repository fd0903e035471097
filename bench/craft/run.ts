import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { type Call, type Measures, measured, type Recorded, secretsOf } from './measures.ts';

const usage = `usage: npm run craft -- --url URL --model NAME [OPTIONS]

Runs the shipped scenarios with a real model on any Chat Completions server, and reports what the agents made of it.

  --url URL        the server, with its /v1
  --model NAME     the model; each member of every scenario is given it
  --key-variable V the environment variable that holds the server's key (default: none is sent)
  --turns N        most turns of a conversation (default: 10)
  --minutes N      most minutes of a conversation (default: 4)
  --deadline S     seconds for one turn (default: 120)
  --only NAMES     scenarios with commas between (default: all)
  --checkout DIR   measure the agents of another checkout (default: this one)
  --keep NAME      write the result to bench/results/craft-NAME.json
  --record DIR     keep the records of all runs there
`;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    model: { type: 'string' },
    'key-variable': { type: 'string' },
    turns: { type: 'string', default: '10' },
    minutes: { type: 'string', default: '4' },
    deadline: { type: 'string', default: '120' },
    only: { type: 'string' },
    checkout: { type: 'string', default: resolve(import.meta.dirname, '../..') },
    keep: { type: 'string' },
    record: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || values.url === undefined || values.model === undefined) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}
const { url, model, checkout } = values;
const folder = values.record ?? mkdtempSync(join(tmpdir(), 'parley-craft-'));
const scenarios = readdirSync(join(checkout, 'scenarios'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => basename(file, '.yaml'))
  .filter((name) => !values.only || values.only.split(',').includes(name));

const lines = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const callsIn = (directory: string): Call[] =>
  readdirSync(directory).flatMap((file) =>
    (
      lines(join(directory, file)) as {
        kind: string;
        request: Call;
        reply: { kind: string; text?: string };
      }[]
    )
      .filter(({ kind }) => kind === 'call')
      .map(({ request, reply }) => ({
        agent: basename(file).split('.')[0] as string,
        messages: request.messages,
        text: reply.text,
      })),
  );

interface Scenario {
  readonly cast: Record<string, string | { persona?: string; model?: string }>;
}

const play = async (name: string): Promise<Recorded | string> => {
  const file = join(checkout, 'scenarios', `${name}.yaml`);
  const { cast } = parse(readFileSync(file, 'utf8')) as Scenario;
  const models = Object.entries(cast).flatMap(([member, role]) =>
    typeof role === 'object' && role.model ? ['--set', `cast.${member}.model=${model}`] : [],
  );
  const record = join(folder, name);
  const key = values['key-variable'] ? (process.env[values['key-variable']] ?? '') : '';
  const limits = ['--turns', values.turns, '--set', `limits.duration=${values.minutes} minutes`];
  const priced = models.length > 0 ? ['--set', 'limits.cost=0', '--set', 'limits.costPerAgent=0'] : [];
  const args = ['run', file, ...limits, '--set', `turn.deadline=${values.deadline} s`, ...models, ...priced];
  const child = spawn(
    join(checkout, 'node_modules/.bin/node'),
    ['apps/cli/src/main.ts', ...args, '--record', record],
    {
      cwd: checkout,
      env: { ...process.env, OPENAI_API_KEY: key, OPENAI_BASE_URL: url, OPENAI_MODEL: model, PORT: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (told += piece));
  await new Promise((done) => child.once('exit', done));
  mkdirSync(record, { recursive: true });
  writeFileSync(join(record, 'output.txt'), told);
  try {
    return {
      scenario: name,
      entries: lines(join(record, 'entries.jsonl')) as Recorded['entries'],
      calls: callsIn(join(record, 'cassettes')),
      secrets: new Map(
        Object.entries(cast).map(([member, role]) => [
          member,
          secretsOf(typeof role === 'string' ? role : (role.persona ?? '')),
        ]),
      ),
    };
  } catch {
    return told.trim().split('\n').slice(-3).join(' / ');
  }
};

const total = (all: readonly Measures[], of: (one: Measures) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0);

const all: Measures[] = [];
for (const name of scenarios) {
  const recorded = await play(name);
  if (typeof recorded === 'string') {
    console.error(`${name}: no record: ${recorded}`);
    process.exitCode = 1;
    continue;
  }
  const one = measured(recorded);
  all.push(one);
  console.log(
    `${name}: ${one.ending} (${one.detail}); ${one.turns} turns, ${one.said} messages, ${one.failedTurns} failed turns${one.lapses.length > 0 ? ` (${one.lapses.join(', ')})` : ''}, ${one.namesInFront} names in front, ${one.copies} copies, ${one.recitedLines} recited lines, ${one.privateLeaks} private leaks, ${one.bareVotes} bare votes, ${one.calls} calls`,
  );
}

const turns = total(all, ({ turns: count }) => count);
const summary = {
  model,
  conversations: all.length,
  turns,
  messages: total(all, ({ said }) => said),
  calls: total(all, ({ calls }) => calls),
  failedTurns: total(all, ({ failedTurns }) => failedTurns),
  failedTurnsPercent:
    Math.round((1_000 * total(all, ({ failedTurns }) => failedTurns)) / Math.max(1, turns)) / 10,
  conversationsFailed: all.filter(({ ending }) => ending === 'failed').length,
  namesInFront: total(all, ({ namesInFront }) => namesInFront),
  copies: total(all, ({ copies }) => copies),
  recitedLines: total(all, ({ recitedLines }) => recitedLines),
  privateLeaks: total(all, ({ privateLeaks }) => privateLeaks),
  bareVotes: total(all, ({ bareVotes }) => bareVotes),
  outputTokens: total(all, ({ outputTokens }) => outputTokens),
};
console.log(JSON.stringify(summary, null, 2));
if (values.keep) {
  const path = resolve(import.meta.dirname, `../results/craft-${values.keep}.json`);
  writeFileSync(
    path,
    `${JSON.stringify({ benchmark: 'craft', date: new Date().toISOString().slice(0, 10), summary, scenarios: all }, null, 2)}\n`,
  );
  console.log(`kept in ${path}`);
}
if (values.record === undefined) rmSync(folder, { recursive: true, force: true });
