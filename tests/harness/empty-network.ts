import { spawnSync } from 'node:child_process';
import { program } from '../observe/programs.ts';

/** What a process sees of the network; `reached` holds an error's code for each address, or 'connected'. */
export interface Surroundings {
  readonly namespace: string;
  readonly interfaces: readonly string[];
  readonly reached: Readonly<Record<string, string>>;
}

/** A program for `node -e` that prints its Surroundings as one line of JSON. */
export const witness = `
const { readFileSync, readlinkSync } = require('node:fs');
const { connect } = require('node:net');
const reach = (host) => new Promise((resolve) => {
  const socket = connect({ host, port: 443 });
  socket.once('connect', () => (socket.destroy(), resolve([host, 'connected'])));
  socket.once('error', ({ code }) => resolve([host, code]));
  socket.setTimeout(5000, () => (socket.destroy(), resolve([host, 'timeout'])));
});
Promise.all(['192.0.2.1', '1.1.1.1', '2606:4700:4700::1111'].map(reach)).then((reached) => console.log(JSON.stringify({
  namespace: readlinkSync('/proc/self/ns/net'),
  interfaces: readFileSync('/proc/net/dev', 'utf8').split('\\n').slice(2).flatMap((line) => line.match(/^ *([^:]+):/)?.[1] ?? []),
  reached: Object.fromEntries(reached),
})));`;

const ways = [['--user', '--map-root-user', '--net'], ['--net']];

/**
 * The command line behind which a shell script runs with no network but its own loopback: a new namespace,
 * for which an ordinary user needs a new user namespace as well. Undefined on a laptop where that cannot be had.
 */
export const emptyNetwork = (): readonly [command: string, ...args: string[]] | undefined => {
  const unshare = program('unshare');
  if (!unshare || !program('ip')) return undefined;
  const problems: string[] = [];
  for (const way of ways) {
    const { status, stderr } = spawnSync(unshare, [...way, 'ip', 'link', 'set', 'lo', 'up'], {
      encoding: 'utf8',
    });
    if (status === 0) return [unshare, ...way, 'sh', '-ec'];
    problems.push(stderr.trim());
  }
  const why = `no empty network namespace can be made: ${problems.join('; ')}`;
  if (process.env.CI === 'true') throw new Error(why);
  console.warn(`SKIPPED: ${why}`);
  return undefined;
};
