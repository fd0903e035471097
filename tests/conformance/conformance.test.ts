import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Closing, closings, refusals } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newBearers } from '../harness/bearers.ts';
import { RunningRouter } from '../harness/parley.ts';
import { killAll, repository } from '../harness/started-process.ts';
import type { Check } from './check.ts';
import { checks, nothingSeen, runCheck, stopsRouter, whyNot } from './suite.ts';
import type { Subject } from './world.ts';

/** Clauses that no check can see from outside, and why. */
const unchecked: Readonly<Record<string, string>> = {
  '1': 'words, used by the other clauses',
};

/** Codes that this suite cannot make a router use, and why. */
const unmetRefusals: Readonly<Record<string, string>> = {
  'conversation-exists': 'the router chooses the ids of what clients open',
  'no-price': 'needs a router with a price table',
  'rate-limited': 'this router slows a reader down; another may refuse',
  unavailable: 'needs a ledger that fails',
  draining: 'this router refuses the upgrade when it leaves',
};
/** The same for close codes, with the test that meets them. */
const unmetClosings: Readonly<Record<string, { readonly why: string; readonly test: string }>> = {
  busy: { why: 'needs a router that rejects', test: 'services/router/test/socket/duplicates.test.ts' },
  'slow-consumer': {
    why: 'a peer that reads nothing cannot read the code either',
    test: 'services/router/test/socket/slow-reader.test.ts',
  },
  unavailable: {
    why: 'needs keys that cannot be had',
    test: 'services/router/test/socket/jwt-and-reading.test.ts',
  },
};

const text = readFileSync(join(repository, 'PROTOCOL.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'parley-conformance-'));
const seen = nothingSeen();
/** A router without tokens, and one that requires tokens. */
let open: Subject;
let guarded: Subject;

beforeAll(async () => {
  const router = await RunningRouter.start({
    ROUTER_LEDGER: join(folder, 'ledger.sqlite'),
    // Short for the checks that wait for them, and longer than a busy machine takes to answer.
    ROUTER_REGISTER_SECONDS: '5',
    ROUTER_HEARTBEAT_SECONDS: '2',
    ROUTER_MAILBOX_LIMIT: '100',
  });
  open = {
    url: router.url,
    control: {
      kill: async () => void (await router.process.kill('SIGKILL')),
      stop: async () => expect(await router.process.kill('SIGTERM')).toMatchObject({ code: 0 }),
      start: () => router.startAgain(),
    },
  };
  const { env, ...tokens } = newBearers();
  guarded = { url: (await RunningRouter.start(env)).url, ...tokens };
});
afterAll(async () => {
  await killAll();
  rmSync(folder, { recursive: true });
});

const testThat = (one: Check): void =>
  test(`the router meets ${one.clauses.join(' ')}: ${one.title}`, async () => {
    const subject = [open, guarded].find((router) => whyNot(one, router) === undefined);
    if (!subject) throw new Error('neither router is one for this check');
    await runCheck(one, subject, seen);
  });
const [restarting, others] = [checks.filter(stopsRouter), checks.filter((one) => !stopsRouter(one))];

// Many wait for seconds, and each has clients of its own.
describe.concurrent('a router does what PROTOCOL.md says', () => others.forEach(testThat));

describe('a router that is stopped and started again does what PROTOCOL.md says', () =>
  restarting.forEach(testThat));

describe('the suite covers PROTOCOL.md', () => {
  const clauses = [...text.matchAll(/^- (\d+\.\d+) /gm)].map(([, clause]) => clause as string);
  const sections = [...text.matchAll(/^## (\d+)\. /gm)].map(([, section]) => section as string);
  const whole = sections.filter((section) => !clauses.some((clause) => clause.startsWith(`${section}.`)));
  const covered = new Set(checks.flatMap((one) => one.clauses));

  test.each([...clauses, ...whole])(
    'clause %s is checked, or a reason is given why it cannot be',
    (clause) => {
      expect(covered.has(clause)).not.toBe(clause in unchecked);
    },
  );

  test('no check names a missing clause', () => {
    expect([...covered].filter((clause) => ![...clauses, ...whole].includes(clause))).toEqual([]);
  });

  test.each(Object.keys(refusals))(
    'the refusal %s was received, or a reason is given why it cannot be',
    (code) => {
      expect(seen.refusals.has(code)).not.toBe(code in unmetRefusals);
    },
  );

  test.each(Object.entries(closings))(
    'the close code %s was received, or a reason is given why it cannot be',
    (name, { code }) => {
      expect(seen.closings.has(code)).not.toBe(name in unmetClosings);
    },
  );

  test.each(Object.entries(unmetClosings))(
    'the close code %s is received in another test',
    (name, { test }) => {
      const { code } = closings[name as Closing];
      // An expectation, not the number alone: `toMatchObject({ code: 4100 })`, or the counter of closed connections.
      const expected = new RegExp(
        `\\.closed\\)\\.toMatchObject\\(\\{ code: ${code}\\b|disconnects_total\\{code="${code}"`,
      );
      expect(readFileSync(join(repository, test), 'utf8')).toMatch(expected);
    },
  );
});
