import { isIP } from 'node:net';
import type { AgentView, ConversationView, ResponseBody } from '@parley/protocol';
import { connectionProblem } from '@parley/runtime';
import { type Finding, findingsOf } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

const { ok, note, fault } = findingsOf('router');

const answersWithinMs = 10_000;
/** A date in an HTTP header has whole seconds, and the answer takes its time. */
const skewMs = 5_000;

export interface AskedRouter {
  /** Its address with http or https, without a path. */
  readonly url: string;
  readonly authorization: string | undefined;
  /** Of this program. */
  readonly version: string;
}

interface Asked extends AskedRouter {
  readonly around: Surroundings;
}

const ask = ({ url, authorization, around }: Asked, path: string): Promise<Response> =>
  fetch(url + path, {
    headers: { ...(authorization !== undefined && { authorization }) },
    signal: AbortSignal.any([around.stop, AbortSignal.timeout(answersWithinMs)]),
  });

const startIt = 'start one: `parley router` or `docker compose up --detach`; or name another one with --url';

const notReached = ({ url, around }: Asked, error: unknown): Finding => {
  around.stop.throwIfAborted();
  const failure = (error as { cause?: { code?: string; message?: string } }).cause ?? (error as Error);
  const why = connectionProblem(url, failure, around.contained);
  const { code = '' } = failure as { code?: string };
  const fix =
    code === 'ECONNREFUSED'
      ? startIt
      : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? 'correct the name in ROUTER_URL or --url'
        : 'correct ROUTER_URL or --url as the text says';
  return fault(`no connection to a router at ${url}: ${why}`, fix);
};

const messageOf = (text: string): string => {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? text;
  } catch {
    return text;
  }
};

const notOurs = (url: string): Finding =>
  fault(
    `${url} answers, and it is no Parley router`,
    'name the port of the router with --url or ROUTER_URL; another program may have its port (ROUTER_PORT, PARLEY_PORT)',
  );

const refused = ({ url, authorization }: Asked, status: number, text: string): Finding => {
  const message = messageOf(text);
  if (status === 401)
    return authorization === undefined
      ? fault(
          `${url} needs a token, and none is set`,
          'PARLEY_TOKEN=… (parley router token NAME --role operator makes one), or PARLEY_TOKEN_FILE',
        )
      : fault(
          `${url} does not know the token: ${message}`,
          'set PARLEY_TOKEN to a token of this router: parley router token NAME --role operator',
        );
  if (/host/i.test(message))
    return fault(
      `${url} refuses the name under which it is asked: ${message}`,
      `ROUTER_HOSTS=${new URL(url).hostname} for the router`,
    );
  return fault(
    `${url} refuses the token: ${message}`,
    'PARLEY_TOKEN needs the role operator or observer: parley router token NAME --role operator',
  );
};

const clock = (response: Response, { around }: Asked): Finding => {
  const there = Date.parse(response.headers.get('date') ?? '');
  const skew = Math.abs(there - around.now());
  if (!(skew > skewMs)) return ok('its clock and the clock of this machine agree');
  return fault(
    `its clock and the clock of this machine differ by ${Math.round(skew / 1_000)} s: tokens expire too early or too late`,
    'on the machine whose clock is wrong: sudo timedatectl set-ntp true',
  );
};

const isPublic = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  const name = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'https:') return false;
  if (isIP(name)) return !/^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|::1$|f[cd]|fe80)/i.test(name);
  return name.includes('.') && !/\.(local|internal|localhost)$/.test(name);
};

const role = async (asked: Asked, response: Response): Promise<Finding[]> => {
  const me = (await response.json()) as ResponseBody<'me'>;
  const { url, authorization } = asked;
  const found: Finding[] =
    me.role === 'observer'
      ? [
          note(
            'the token is that of an observer: it reads everything and changes nothing',
            'to steer conversations: parley router token NAME --role operator',
          ),
        ]
      : [ok(authorization === undefined ? 'it needs no token' : `it knows the token: ${me.role}`)];
  if (authorization !== undefined && isPublic(url))
    found.push(
      fault(
        `the token travels to ${new URL(url).host} without encryption`,
        `--url ${url.replace(/^http:/, 'https:')}, with a proxy that speaks TLS in front (docs/operations.md), or ROUTER_TLS_CERT and ROUTER_TLS_KEY`,
      ),
    );
  return found;
};

const version = async (asked: Asked): Promise<Finding[]> => {
  const response = await ask(asked, '/metrics');
  const [, theirs] = /^parley_build_info\{[^}]*version="([^"]*)"/m.exec(await response.text()) ?? [];
  if (theirs === undefined) return [];
  return theirs === asked.version
    ? [ok(`it has the version of this program, ${theirs}`)]
    : [
        note(
          `it has version ${theirs}, and this program has ${asked.version}`,
          'use the same version for both: npx parley@VERSION, or PARLEY_IMAGE_TAG=VERSION',
        ),
      ];
};

/** Members that a running conversation waits for, and that are not connected. */
const absent = async (asked: Asked): Promise<Finding[]> => {
  const agents = ((await (await ask(asked, '/v1/agents')).json()) as { agents: AgentView[] }).agents;
  const list = (await (await ask(asked, '/v1/conversations?status=running')).json()) as {
    conversations: ConversationView[];
  };
  const away = new Set(
    list.conversations.flatMap(({ waiting }) =>
      Object.entries(waiting).flatMap(([name, why]) => (why === 'absent' ? [name] : [])),
    ),
  );
  if (away.size === 0)
    return [ok(`${agents.length} agents are connected, and no conversation waits for another`)];
  const [first = ''] = away;
  return [
    note(
      `conversations wait for agents that are not connected: ${[...away].slice(0, 5).join(', ')}`,
      `start it: parley agent ${first}; or give it up: parley end ID`,
    ),
  ];
};

/** Whether the router is there, is ready, and knows the user. */
export const checkRouter = async (router: AskedRouter, around: Surroundings): Promise<Finding[]> => {
  const asked: Asked = { ...router, around };
  try {
    const alive = await ask(asked, '/healthz');
    const text = await alive.text();
    if (text.trim() !== 'ok') {
      const isRefusal = alive.status === 403 && messageOf(text) !== text;
      return [isRefusal ? refused(asked, alive.status, text) : notOurs(router.url)];
    }
    const me = await ask(asked, '/v1/me');
    const found = [ok(`a router answers at ${router.url}`), clock(alive, asked)];
    const ready = await ask(asked, '/readyz');
    const why = (await ready.text()).trim();
    if (!ready.ok)
      found.push(
        fault(
          `it takes no work: ${why}`,
          'its log says more: docker compose logs router, or the terminal in which it runs',
        ),
      );
    if (me.status === 404) return [notOurs(router.url)];
    if (!me.ok) return [...found, refused(asked, me.status, await me.text())];
    return [...found, ...(await role(asked, me)), ...(await version(asked)), ...(await absent(asked))];
  } catch (error) {
    if (error instanceof SyntaxError) return [notOurs(router.url)];
    return [notReached(asked, error)];
  }
};
