import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Check } from '../conformance/check.ts';
import { checks, runCheck, stopsRouter, whyNot } from '../conformance/suite.ts';
import type { Subject } from '../conformance/world.ts';
import { newBearers } from '../harness/bearers.ts';
import { Deployment, docker } from './deployment.ts';

const { env, ...tokens } = newBearers();
let guarded: Deployment;
let open: Deployment;
let subjects: readonly Subject[];

beforeAll(async () => {
  guarded = await Deployment.create('parley-test-guarded', { overlay: 'tests/compose/guarded.yml', env });
  open = await Deployment.create('parley-test-open');
  guarded.up(['router']);
  open.up(['router']);
  const [container = ''] = guarded.containers('router');
  const control = {
    kill: async () => void docker('kill', '--signal', 'KILL', container),
    // While it leaves, its peers go on.
    stop: async () => void (await promisify(execFile)('docker', ['stop', container])),
    // The same container, also when its image was built anew meanwhile.
    start: async () => guarded.up(['router'], '--no-recreate'),
  };
  subjects = [{ url: guarded.routerUrl, ...tokens, control }, { url: open.routerUrl }];
});
afterAll(async () => {
  await guarded[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

const testThat = (one: Check): void =>
  test(`the router in the container: ${one.clauses.join(' ')}: ${one.title}`, async () => {
    const subject = subjects.find((router) => whyNot(one, router) === undefined);
    if (!subject) throw new Error('neither router is one for this check');
    await runCheck(one, subject);
  });
const [restarting, others] = [checks.filter(stopsRouter), checks.filter((one) => !stopsRouter(one))];

// Many wait for seconds, and each has clients of its own.
describe.concurrent('a router', () => others.forEach(testThat));
describe('a router that is stopped and started again', () => restarting.forEach(testThat));
