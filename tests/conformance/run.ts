import { parseArgs } from 'node:util';
import { checks, runCheck } from './suite.ts';

/** Checks a running router clause by clause: `npm run conformance -- ws://host:port [--token T] [--only 3.6]`. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { token: { type: 'string' }, only: { type: 'string' } },
});
const [url] = positionals;
if (!url || !/^wss?:\/\//.test(url) || positionals.length > 1) {
  console.error('usage: npm run conformance -- ws://host:port [--token T] [--only CLAUSE]');
  process.exit(2);
}

const only = values.only;
const tally = { pass: 0, FAIL: 0, skip: 0 };
for (const check of checks) {
  if (only && !check.clauses.some((clause) => clause === only || clause.startsWith(`${only}.`))) continue;
  let verdict: keyof typeof tally = 'pass';
  let why = '';
  if (check.restarts) {
    verdict = 'skip';
    why = 'needs a router that the suite may stop';
  } else {
    await runCheck(check, { url, token: values.token }).catch((error: Error) => {
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
