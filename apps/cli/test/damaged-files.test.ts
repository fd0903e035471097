import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@parley/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchState, type Outcome } from '../src/batch/batch-state.ts';
import { KeptRun, keptRuns } from '../src/deployment/kept-run.ts';
import { RecordedRun, Recording } from '../src/recording/recording.ts';
import { parseScenario } from '../src/scenario/read-scenario.ts';
import { opened } from './entries.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-damaged-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refused = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  throw new Error('it was not refused');
};

const outcome: Outcome = {
  ...{ cell: 'seed=1', conversation: 'c1', ending: 'agreed', turns: 4, tokens: 9, cost: 0 },
};
const header = JSON.stringify({ batch: 'b', key: 'k' });

describe('the state of a batch', () => {
  it.each([
    ['a line that is no JSON', [header, '{"cell":"seed=1'], 2],
    ['a first line that is no object', ['null'], 1],
    ['a first line without a key', ['{"batch":"b"}'], 1],
    ['a run without numbers', [header, JSON.stringify({ ...outcome, cost: 'x' })], 2],
    ['a run with an ending that there is not', [header, JSON.stringify({ ...outcome, ending: 'x' })], 2],
    ['an empty line', [header, '', JSON.stringify(outcome)], 2],
  ])(
    'the state of a batch with %s is refused with its place, and the folder is free again',
    (_, lines, place) => {
      const path = join(folder, 'state.jsonl');
      writeFileSync(path, `${lines.join('\n')}\n`);
      for (let twice = 0; twice < 2; twice++)
        expect(refused(() => new BatchState(folder, 'b', 'new'))).toContain(`${path}:${place} is damaged`);
    },
  );

  it('the state of a batch continues behind the last whole line, and a lock that is no lock is refused', () => {
    writeFileSync(join(folder, 'state.jsonl'), `${header}\n${JSON.stringify(outcome)}\n{"cell":"se`);
    {
      using state = new BatchState(folder, 'b', 'new');
      expect([state.key, [...state.outcomes.keys()]]).toEqual(['k', ['seed=1']]);
    }
    writeFileSync(join(folder, 'lock'), 'x'.repeat(5_000));
    expect(refused(() => new BatchState(folder, 'b', 'new'))).toContain('cannot be locked');
  });
});

describe('kept runs', () => {
  const source = { command: 'demo', names: 'ann,bob', topic: 'tea', turns: 4 } as const;
  const env = () => ({ PARLEY_RUNS: folder, PARLEY_RUNS_KEEP: '3' });
  const write = (name: string, record: unknown) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'run.json'), JSON.stringify(record));
    writeFileSync(join(folder, name, 'ledger.sqlite'), '');
  };

  it.each([[null], [7], [{ format: 1 }], [{ format: 1, title: 'x', startedAt: 5, source }], [{ format: 2 }]])(
    'a kept run whose description is damaged is left out, and the others are listed: %j',
    (record) => {
      write('damaged', record);
      write('whole', { format: 1, title: 'x', startedAt: '2030-01-01T00:00:00.000Z', source });
      expect(keptRuns(env()).map(({ name }) => name)).toEqual(['whole']);
      using run = KeptRun.begin('next', source, env());
      expect(keptRuns(env())).toHaveLength(2);
      expect(run).toBeDefined();
    },
  );

  it('a run that begins is kept, also when the clock was ahead and all others have later dates', () => {
    for (const year of [2901, 2902, 2903, 2904])
      write(`of-${year}`, { format: 1, title: 'x', startedAt: `${year}-01-01T00:00:00.000Z`, source });
    using run = KeptRun.begin('now', source, env());
    const names = keptRuns(env()).map(({ name }) => name);
    expect(names).toEqual(['of-2904', 'of-2903', run?.name]);
  });
});

describe('a record of a run', () => {
  const text = 'topic: tea\ncast:\n  ann: {persona: calm}\n  bob: {persona: keen}\n';
  const record = (): string => {
    const parsed = parseScenario(text, []);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const target = join(folder, 'record');
    const file = { file: 'x.yaml', text, changes: [], scenario: parsed.scenario };
    const entries = [opened(), { type: 'ended', seq: 2, at: 2_000, reason: 'operator' } as const];
    Recording.begin(target, file, 'key').finish('c1', entries);
    return target;
  };

  it.each<[string, string, string]>([
    ['a description that is no JSON', 'manifest.json', '{"format": 1,'],
    ['a description that is null', 'manifest.json', 'null'],
    ['a description without a scenario', 'manifest.json', '{"format": 1}'],
    ['entries that are no JSON', 'entries.jsonl', '{"type":"opened"'],
    ['entries that are no objects', 'entries.jsonl', 'null\n7\n'],
    ['no entries', 'entries.jsonl', ''],
    ['another scenario', 'scenario.yaml', `${text}topic: x\n`],
    ['an empty scenario', 'scenario.yaml', ''],
  ])('a record with %s is refused, and the problem names the file', (_, name, content) => {
    const target = record();
    expect(new RecordedRun(target).entries).toHaveLength(2);
    writeFileSync(join(target, name), content);
    expect(refused(() => new RecordedRun(target))).toContain(join(target, name));
  });
});
