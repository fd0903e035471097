import { existsSync } from 'node:fs';

const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

const isSecure = (url: string): boolean => /^(wss|https):/.test(url);
const isLocal = (url: string): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(URL.parse(url)?.hostname ?? '');

/** Only Docker and Podman mark their containers and have a name for the host machine. */
export const inContainer = (): boolean => existsSync('/.dockerenv') || existsSync('/run/.containerenv');

/** The URL with the address under which a Docker container reaches the host, for a URL that names localhost. */
export const hostAddress = (url: string): string | undefined => {
  const parsed = isLocal(url) ? URL.parse(url) : null;
  if (!parsed) return undefined;
  parsed.hostname = 'host.docker.internal';
  parsed.username = '';
  parsed.password = '';
  return parsed.href.replace(/\/$/, '');
};

interface Failure {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

const ofCertificate = ({ code = '', message = '' }: Failure): string | undefined => {
  if (unknownAuthority.has(code))
    return `its certificate is of an authority that this machine does not know (${code}): set NODE_EXTRA_CA_CERTS to a file with the certificate of the authority`;
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired (CERT_HAS_EXPIRED)';
  if (code === 'CERT_NOT_YET_VALID')
    return 'its certificate is not valid yet (CERT_NOT_YET_VALID): look at the clock of this machine';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name (${code}): use the name that the certificate has`;
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(code + message))
    return 'it does not speak TLS there: write ws:// or http://, or name the port that speaks TLS';
  return /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO$)/.test(code)
    ? `TLS failed (${code}${message ? `: ${message.split('\n')[0]}` : ''})`
    : undefined;
};

const ofNetwork = (url: string, { code = '', message = '' }: Failure): string | undefined => {
  if (/timed out/i.test(message) || code === 'ETIMEDOUT' || /_TIMEOUT$/.test(code))
    return 'nothing answers there in time: look at the address, the network and a firewall between';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its name is not known to this machine (${code})`;
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)';
  if ((code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || /hang up/.test(message)) && !isSecure(url))
    return `it closed the connection without an answer (${code || message}): if it speaks TLS, write wss:// or https://`;
  return undefined;
};

/** Why a connection failed, and what to do. In a container, the loopback address does not reach the host. */
export const connectionProblem = (url: string, failure: Failure, contained = inContainer()): string => {
  const found =
    ofCertificate(failure) ?? ofNetwork(url, failure) ?? failure.code ?? failure.message ?? 'no answer';
  const machine = contained ? hostAddress(url) : undefined;
  return machine === undefined
    ? found
    : `${found}; in a container this address is the container itself: write ${machine} for the machine`;
};

const messageIn = (body: string): string => {
  try {
    const answer = JSON.parse(body) as { error?: { message?: unknown } } | null;
    if (typeof answer?.error?.message === 'string') return answer.error.message;
  } catch {
    // The body is not from a router.
  }
  return '';
};

const shown = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);

/** The problem when a server did not upgrade the connection to a WebSocket. */
export const upgradeProblem = (status: number, body: string): string => {
  const words = messageIn(body) || (/[<{]/.test(body) ? '' : shown(body));
  if (words !== '' && status >= 400 && status !== 426) return `it refuses (${status}): ${words}`;
  if (status === 200 || status === 404 || status === 426 || status === 400)
    return `it answered ${status} in the place of a WebSocket: it is no Parley router, or a proxy in front of it does not pass Upgrade on`;
  if (status >= 300 && status < 400) return `it answered ${status}: use the address to which it redirects`;
  if (status === 502 || status === 503 || status === 504)
    return `it answered ${status}: the proxy is there, and the router behind it is not`;
  return `it answered ${status} in the place of a WebSocket`;
};
