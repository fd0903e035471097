import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { testSeed } from '../harness/test-seed.ts';
import { freePort } from './free-port.ts';
import { fuzz } from './fuzz.ts';

afterEach(killAll);

describe('operators, agents, model servers and a disk that do anything at all', () => {
  // Longer: npm run fuzz -- --minutes 10.
  it('the router and the agent survive arbitrary actions of operators, agents, model servers and a disk, and every undamaged conversation still verifies', {
    timeout: 240_000,
  }, async () => {
    const { problems, done } = await fuzz({
      seed: testSeed,
      ms: 30_000,
      folder: temporaryFolder(),
      port: await freePort(),
      say: console.info,
    });
    expect(problems).toEqual([]);
    // A fuzz that reaches nothing would find nothing either.
    expect(done.rounds).toBeGreaterThan(1);
    expect(done.requests).toBeGreaterThan(50);
    expect(done.connections).toBeGreaterThan(1);
    expect(done.frames).toBeGreaterThan(100);
    expect(done.modelCalls).toBeGreaterThan(0);
  });
});
