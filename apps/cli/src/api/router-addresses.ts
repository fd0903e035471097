import { ConfigError, listed, ServerList } from '@parley/runtime';

/** The HTTP interface of one router. */
export interface RouterAddress {
  readonly url: string;
  /** A user and a password in the URL, which are sent as basic authentication. */
  readonly basic?: string;
}

const schemes: Readonly<Record<string, string>> = {
  'ws:': 'http:',
  'wss:': 'https:',
  'http:': 'http:',
  'https:': 'https:',
};

/** `ws://` and `http://` have the same port. A path is kept, for a router behind a proxy. */
const addressOf = (url: string): RouterAddress => {
  const parsed = URL.parse(url.includes('://') ? url : `http://${url}`);
  const scheme = parsed && schemes[parsed.protocol];
  // The value is not shown, because a URL may contain a password.
  if (!parsed || !scheme) throw new ConfigError(['the URL of the router is no ws, wss, http or https URL']);
  if (parsed.search !== '' || parsed.hash !== '')
    throw new ConfigError([`the URL of the router has a query or a fragment: ${parsed.host}`]);
  const { host, pathname, username, password } = parsed;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url: `${scheme}//${host}${pathname.replace(/\/+$/, '')}`,
    ...(pair !== ':' && { basic: Buffer.from(pair).toString('base64') }),
  };
};

/** The routers that a text names: one URL, or several with commas or spaces between. */
export const routersIn = (text: string, dice: () => number): ServerList<RouterAddress> => {
  const urls = listed(text);
  return new ServerList((urls.length === 0 ? [text] : urls).map(addressOf), dice);
};
