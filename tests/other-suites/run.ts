/**
 * Plays collections of inputs that others have made against a router: `npm run other-suites -- --json DIRECTORY --strings FILE`.
 * DIRECTORY: `test_parsing` of a checkout of github.com/nst/JSONTestSuite. FILE: `blns.json` of
 * github.com/minimaxir/big-list-of-naughty-strings. Exits with 1 when a case fails.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { subprotocol } from '@parley/protocol';
import { RunningRouter } from '../harness/parley.ts';
import { RawPeer, wsFrame } from '../harness/raw-peer.ts';

interface Outcome {
  readonly cases: number;
  readonly failed: readonly string[];
}

const goodbye = wsFrame(Buffer.from([3, 232]), { opcode: 8 });
/** What the router says of a frame that it cannot parse. */
const notJson = 'frame is not JSON';

/** A frame with these bytes: whether the router took it for JSON. It must answer in any case. */
const isTakenForJson = async (port: number, bytes: Buffer): Promise<boolean> => {
  const peer = await RawPeer.webSocket(port, { 'Sec-WebSocket-Protocol': subprotocol });
  peer.write(wsFrame(bytes));
  await peer.until('an answer', () => peer.texts.length > 0 || peer.closeCode !== undefined);
  const [answer] = peer.texts;
  peer.write(goodbye);
  peer.destroy();
  // Text that is not UTF-8 is none: the connection ends with 1007 (RFC 6455 §8.1).
  return answer !== undefined && JSON.parse(answer).message !== notJson;
};

/** `y_` must be accepted, `n_` must not, `i_` may be either. */
const json = async (port: number, directory: string): Promise<Outcome> => {
  const names = readdirSync(directory).filter((name) => /^[yni]_.*\.json$/.test(name));
  const failed: string[] = [];
  for (const name of names) {
    const taken = await isTakenForJson(port, readFileSync(join(directory, name)));
    if (taken !== name.startsWith('y_') && !name.startsWith('i_')) failed.push(name);
  }
  return { cases: names.length, failed };
};

/** Two plain clients; each string must come through as it was said. */
const strings = async (port: number, file: string): Promise<Outcome> => {
  const texts = (JSON.parse(readFileSync(file, 'utf8')) as string[]).filter((text) => text !== '');
  const [from, to] = [await RawPeer.webSocket(port), await RawPeer.webSocket(port)];
  from.write(wsFrame(JSON.stringify({ type: 'register', name: 'from' })));
  to.write(wsFrame(JSON.stringify({ type: 'register', name: 'to' })));
  const failed: string[] = [];
  for (const text of texts) {
    from.write(wsFrame(JSON.stringify({ target: 'to', text })));
    await to.until(`a line for ${JSON.stringify(text)}`, () => to.texts.length > 0);
    if (JSON.parse(to.texts[0] as string).text !== text) failed.push(text);
    for (const peer of [from, to]) peer.answerPings();
  }
  for (const peer of [from, to]) peer.write(goodbye).destroy();
  return { cases: texts.length, failed };
};

const { values } = parseArgs({ options: { json: { type: 'string' }, strings: { type: 'string' } } });
if (!values.json && !values.strings) {
  console.error('usage: npm run other-suites -- [--json DIRECTORY] [--strings FILE]');
  process.exit(2);
}
const router = await RunningRouter.start({ ROUTER_MAX_TURNS: '0', ROUTER_FRAMES_PER_SECOND: '0' });
const port = Number(router.port);
const played: Record<string, Outcome> = {
  ...(values.json && { JSONTestSuite: await json(port, values.json) }),
  ...(values.strings && { 'naughty strings': await strings(port, values.strings) }),
};
await router.process.kill('SIGTERM');
for (const [suite, { cases, failed }] of Object.entries(played)) {
  console.log(`${suite}: ${cases} cases, ${failed.length} failed`);
  for (const one of failed) console.log(`  ${JSON.stringify(one)}`);
  if (failed.length > 0) process.exitCode = 1;
}
