import { type Environment, type Setting, secret, text } from '@parley/runtime';
import { url } from './url-setting.ts';

/** The key is sent in a header, which allows no other characters. Pasted quotes are not part of the key. */
const apiKey: Setting<string | undefined> = {
  ...secret('OPENAI_API_KEY', 'key of the model server; sent to OPENAI_BASE_URL alone'),
  read(raw) {
    if (raw !== undefined && /^(["'`]).*\1$/s.test(raw))
      return { problem: 'the quotes are part of the value: take them away' };
    const typographic = /[\u2018-\u201f\u00ab\u00bb\u2039\u203a]/.exec(raw ?? '')?.[0];
    if (typographic !== undefined)
      return {
        problem: `the typographic quotation mark ${typographic} is part of the value: take it away, or write a plain ' or "`,
      };
    return raw === undefined || /^[!-~]+$/.test(raw)
      ? { value: raw }
      : { problem: 'no key: expected letters, digits and marks of ASCII, without spaces or line breaks' };
  },
};

/** A proxy is given as a URL or, as for curl, as host and port only. */
const proxy = (variable: string, help: string): Setting<string | undefined> => ({
  variable,
  help,
  shown: '',
  secret: false,
  read(raw) {
    if (raw === undefined) return { value: undefined };
    const value = /^[a-z][a-z0-9+.-]*:\/\//i.test(raw) ? raw : `http://${raw}`;
    // The value is not shown, because a URL may contain a password.
    return ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? '')
      ? { value }
      : { problem: 'expected the URL of an http or https proxy' };
  },
});

/** The settings of the model server and of the connection to it. */
export const serverSettings = {
  apiKey,
  baseUrl: url('OPENAI_BASE_URL', {
    help: 'an OpenAI-compatible server, with its /v1; a user and a password in it are sent as Basic; unset: OpenAI',
    fallback: '',
    schemes: 'http:, https:',
  }),
  model: text('OPENAI_MODEL', { help: 'name of the model', fallback: 'gpt-4.1-nano' }),
  httpProxy: proxy(
    'HTTP_PROXY',
    'proxy to model servers of http; the name may be in lower case, as those of the two below; unset: ALL_PROXY, here and in the next one',
  ),
  httpsProxy: proxy(
    'HTTPS_PROXY',
    'proxy to model servers of https; the router is never asked through a proxy',
  ),
  noProxy: text('NO_PROXY', {
    help: 'model servers that are asked directly, with commas between; this machine and names without a dot always are',
    fallback: undefined,
  }),
} satisfies Record<string, Setting<unknown>>;

/**
 * Proxy variables may have lower-case names, which override the others. ALL_PROXY is for the protocols that have no variable of
 * their own; a proxy of another scheme in it, such as SOCKS, is for other programs.
 */
export const withProxyNames = (env: Environment): Environment => {
  const given = (name: string) => env[name.toLowerCase()] || env[name];
  const all = given('ALL_PROXY')?.trim();
  const rest = all !== undefined && (/^https?:\/\//i.test(all) || !all.includes('://')) ? all : undefined;
  return {
    ...env,
    HTTP_PROXY: given('HTTP_PROXY') || rest,
    HTTPS_PROXY: given('HTTPS_PROXY') || rest,
    NO_PROXY: given('NO_PROXY'),
  };
};
