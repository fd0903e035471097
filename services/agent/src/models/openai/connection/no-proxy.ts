import { BlockList, isIP } from 'node:net';

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Whether an address is in `10.0.0.0/8` or `10.0.0.1-10.0.0.9`. */
const isInNetwork = (address: string, network: string): boolean => {
  const [, from = '', mark, to = ''] = /^([\da-f.:]+)([/-])([\da-f.:]+)$/.exec(network) ?? [];
  if (isIP(address) === 0 || isIP(from) === 0) return false;
  const list = new BlockList();
  try {
    if (mark === '/') list.addSubnet(from, Number(to), familyOf(from));
    else list.addRange(from, to, familyOf(from));
  } catch {
    return false;
  }
  return list.check(address, familyOf(address));
};

/** `example.com` is for itself and its subdomains, as for curl; `*.example.com` and `.example.com` mean the same. */
const isInDomain = (host: string, domain: string): boolean => {
  const name = domain.replace(/^\*?\./, '').replace(/\.$/, '');
  if (/^[\d.]+\*$/.test(name)) return isIP(host) === 4 && host.startsWith(name.slice(0, -1));
  return name !== '' && (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
};

/**
 * Whether NO_PROXY names the host of a URL: hosts, domains, networks and `*`, with commas or spaces between, each perhaps with a
 * port.
 */
export const isExcepted = (url: URL, list = ''): boolean => {
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((item) => {
      if (item === '*') return true;
      // An IPv6 address has a port only behind brackets.
      const [, named = item, asked = port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(item) ?? [];
      const name = named.replace(/^\[|\]$/g, '');
      return asked === port && (isInDomain(host, name) || isInNetwork(host, name));
    });
};
