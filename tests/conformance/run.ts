import { parseArgs } from 'node:util';
import { checks, runCheck, whyNot } from './suite.ts';
import type { Subject } from './world.ts';

const usage = `usage: npm run conformance -- ws://HOST:PORT [--only CLAUSE] [OPTIONS]

Checks a running router clause by clause of PROTOCOL.md. Of one that wants tokens it needs these, each as an option
or, so that no list of processes shows it, in the environment; without the last three most of §12 is left out.

  --token T           PARLEY_TOKEN           parley-router token '*' --role operator
  --peer-token T     PARLEY_PEER_TOKEN     parley-router token 'peer-*' --send 'friend-*'
  --watcher-token T   PARLEY_WATCHER_TOKEN   parley-router token 'watcher-*' --role observer
  --jwt-secret S      PARLEY_JWT_SECRET      the secret that is its ROUTER_JWT_KEY
`;

const fail = (problem: string): never => {
  console.error(`conformance: ${problem}\n\n${usage}`);
  process.exit(2);
};

const secret = { type: 'string' } as const;
const options = {
  only: { type: 'string' },
  token: secret,
  'peer-token': secret,
  'watcher-token': secret,
  'jwt-secret': secret,
} as const;

const readArguments = () => {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return fail((error as Error).message);
  }
};

const { values, positionals } = readArguments();
const { env } = process;
const [url = '', ...more] = positionals;
const parsed = URL.parse(url);
if (!parsed || !/^wss?:$/.test(parsed.protocol) || more.length > 0) fail('expected the URL of a router');
// What stands in a URL ends up in logs.
if (parsed?.search || parsed?.username || parsed?.password) fail('a token does not belong into a URL');

const subject: Subject = {
  url,
  token: values.token ?? (env.PARLEY_TOKEN || undefined),
  peerToken: values['peer-token'] ?? (env.PARLEY_PEER_TOKEN || undefined),
  watcherToken: values['watcher-token'] ?? (env.PARLEY_WATCHER_TOKEN || undefined),
  jwtSecret: values['jwt-secret'] ?? (env.PARLEY_JWT_SECRET || undefined),
};
const { only } = values;
const tally = { pass: 0, FAIL: 0, skip: 0 };
for (const check of checks) {
  if (only && !check.clauses.some((clause) => clause === only || clause.startsWith(`${only}.`))) continue;
  let why = whyNot(check, subject);
  let verdict: keyof typeof tally = why === undefined ? 'pass' : 'skip';
  if (verdict === 'pass') {
    await runCheck(check, subject).catch((error: Error) => {
      verdict = 'FAIL';
      why = error.message;
    });
  }
  tally[verdict]++;
  console.log(`${verdict}  ${check.clauses.join(', ').padEnd(12)} ${check.title}`);
  if (why) console.log(`      ${why.replaceAll('\n', '\n      ')}`);
}
console.log(`\n${tally.pass} passed, ${tally.FAIL} failed, ${tally.skip} skipped`);
process.exitCode = tally.FAIL > 0 || tally.pass === 0 ? 1 : 0;
