import { resolvePtr } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import { nameFault, normalName } from '@parley/protocol';

/** The facts about the machine that a name is derived from. Injected, so that tests can use any machine. */
export interface Machine {
  hostname(): string;
  /** The IPv4 addresses of the machine without loopback. */
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
  // dns.reverse() would read /etc/hosts, which has only the id of the container.
  namesOf: (address) => resolvePtr(`${address.split('.').reverse().join('.')}.in-addr.arpa`),
};

/** Docker's container ids, which Compose makes the host name. */
const containerId = /^[0-9a-f]{12}$/;

/**
 * Shortens `PROJECT-SERVICE-N.NETWORK` to `SERVICE-N`. The name of a network of Compose begins with the project, so the project is
 * read from it. On a network with another name the whole name of the container is used, which is unique too.
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
 * The name of an agent without AGENT_NAME: the name of its container in its service (`crowd-3`), which is stable, else the host
 * name. So the replicas of a scaled service get distinct names without any setting.
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
