/** The address of Chat Completions, and the credentials for it. */
export interface ServerAddress {
  readonly chat: URL;
  readonly models: URL;
  /** `Basic …` of a user and a password in the URL. */
  readonly basic: string | undefined;
  /** The user and the password, as written and as sent. They must never be shown. */
  readonly secrets: readonly string[];
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * Reads a base URL as users write it: with or without a slash at its end, with doubled slashes, with the path of the call, with a
 * query (which is added to every request), with a user and a password. `/models` is the path of a call only behind a version:
 * the base URL of Azure AI Foundry ends with it.
 */
export const serverAddress = (baseURL: string): ServerAddress => {
  const base = new URL(baseURL);
  const user = decoded(base.username);
  const password = decoded(base.password);
  const pair = `${user}:${password}`;
  const hasLogin = user !== '' || password !== '';
  const secrets = hasLogin ? [password, base.password, Buffer.from(pair).toString('base64')] : [];
  base.username = '';
  base.password = '';
  base.hash = '';
  const path = base.pathname
    .replace(/\/{2,}/g, '/')
    .replace(/(?:\/chat\/completions|(?<=\/v\d[^/]*)\/(?:completions|models))?\/?$/, '');
  const at = (end: string): URL => {
    const url = new URL(base);
    url.pathname = `${path}${end}`;
    return url;
  };
  return {
    chat: at('/chat/completions'),
    models: at('/models'),
    basic: hasLogin ? `Basic ${Buffer.from(pair).toString('base64')}` : undefined,
    secrets: [...new Set(secrets)].filter((secret) => secret !== ''),
  };
};

/** A URL that may be shown: without user, password and values of its query. */
export const shownURL = (url: URL): string => {
  const query = [...url.searchParams.keys()].map((name) => `${name}=…`).join('&');
  const shown = `${url.origin}${url.pathname}${query === '' ? '' : `?${query}`}`;
  return shown.length > 160 ? `${shown.slice(0, 159)}…` : shown;
};
