import { resolvePtr } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import { nameFault, normalName } from '@parley/protocol';

/** What is known of the machine, handed in so that tests can be any machine. */
export interface Machine {
  hostname(): string;
  /** Own IPv4 addresses, loopback left out. */
  addresses(): readonly string[];
  /** Names of an address by reverse DNS; rejects when there are none. */
  namesOf(address: string): Promise<readonly string[]>;
}

export const thisMachine: Machine = {
  hostname,
  addresses: () =>
    Object.values(networkInterfaces())
      .flatMap((several) => several ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address),
  // dns.reverse() would read /etc/hosts, where a container has only its id.
  namesOf: (address) => resolvePtr(`${address.split('.').reverse().join('.')}.in-addr.arpa`),
};

/** Docker's container ids, which Compose makes the host name. */
const containerId = /^[0-9a-f]{12}$/;

/**
 * `PROJECT-SERVICE-N.NETWORK` as `SERVICE-N`. The project is found in the network's name, which Compose begins with
 * it; on a network with a name of its own the whole container name is taken, which is as distinct.
 */
export const shortName = (full: string): string | undefined => {
  const [container = '', network = ''] = full.split('.');
  if (!/^.+-\d+$/.test(container)) return undefined;
  const project = network.slice(0, network.lastIndexOf('_'));
  const short = project && container.startsWith(`${project}-`) ? container.slice(project.length + 1) : '';
  return /^.+-\d+$/.test(short) ? short : container;
};

const inTime = <T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, otherwise);
    promise.then(resolve, () => resolve(otherwise)).finally(() => clearTimeout(timer));
  });

/**
 * The name of an agent that was given none: that of its container among its like (`crowd-3`), which is stable, or
 * else the host's. Scaled services get distinct names by this alone.
 */
export const deriveName = async (machine: Machine): Promise<string> => {
  const host = machine.hostname();
  if (containerId.test(host)) {
    for (const address of machine.addresses()) {
      const names = await inTime(machine.namesOf(address), 2_000, []);
      const short = names.map(shortName).find((name) => name !== undefined && nameFault(name) === undefined);
      if (short) return short;
    }
  }
  const name = normalName(host)
    .replace(/[^\p{L}\p{M}\p{Nd}._-]/gu, '-')
    .replace(/^[^\p{L}\p{Nd}]+/u, '')
    .slice(0, 64);
  return name || 'agent';
};
