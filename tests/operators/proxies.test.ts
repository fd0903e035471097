import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../harness/certificate.ts';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll, repository, StartedProcess } from '../harness/started-process.ts';
import { program } from '../observe/programs.ts';

afterEach(killAll);

const openssl = program('openssl');
const read = (file: string): string => readFileSync(join(repository, file), 'utf8');

/** Each occurrence must be there: a sample that says something else needs another test. */
const replaced = (text: string, changes: Readonly<Record<string, string>>): string =>
  Object.entries(changes).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the sample does not say ${from}`);
    return changed.replaceAll(from, to);
  }, text);

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly router: string;
  readonly cert: string;
  readonly key: string;
}
interface Started {
  readonly process: StartedProcess;
  /** The certificate that a client must trust. */
  readonly authority: string;
}

const nginx = ({ folder, port, router, cert, key }: Place): Started => {
  const site = replaced(read('deploy/proxies/nginx.conf'), {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/nginx/parley.example.com.crt': cert,
    '/etc/nginx/parley.example.com.key': key,
    '127.0.0.1:8765': `127.0.0.1:${router}`,
  });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {}\nhttp { access_log off; ${temporary.join(' ')}\n${site}\n}\n`,
  );
  const process = new StartedProcess('nginx', 'nginx', { args: ['-e', 'stderr', '-c', file] });
  return { process, authority: cert };
};

const caddy = ({ folder, port, router }: Place): Started => {
  const file = join(folder, 'Caddyfile');
  writeFileSync(file, replaced(read('deploy/team/Caddyfile'), { 'router:8765': `127.0.0.1:${router}` }));
  const env = {
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    PARLEY_DOMAIN: `https://127.0.0.1:${port}`,
    PARLEY_CADDY: 'local_certs\nskip_install_trust\nauto_https disable_redirects',
  };
  const process = new StartedProcess('caddy', 'caddy', {
    args: ['run', '--config', file, '--adapter', 'caddyfile'],
    env,
  });
  return { process, authority: join(folder, 'caddy/pki/authorities/local/root.crt') };
};

const haproxy = ({ folder, port, router, cert, key }: Place): Started => {
  const pem = join(folder, 'both.pem');
  writeFileSync(pem, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    replaced(read('deploy/proxies/haproxy.cfg'), {
      'bind :443': `bind 127.0.0.1:${port}`,
      '/etc/haproxy/parley.example.com.pem': pem,
      '127.0.0.1:8765': `127.0.0.1:${router}`,
    }),
  );
  return { process: new StartedProcess('haproxy', 'haproxy', { args: ['-f', file] }), authority: cert };
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** A request over the proxy; what has come of its answer so far can be read while it is open. */
const ask = (port: number, authority: string, path: string) => {
  const seen = { status: 0, text: '', ended: false };
  const request: ClientRequest = get(
    { host: '127.0.0.1', port, path, ca: readFileSync(authority) },
    (answer) => {
      seen.status = answer.statusCode ?? 0;
      answer.setEncoding('utf8').on('data', (text: string) => {
        seen.text += text;
      });
      answer.on('end', () => {
        seen.ended = true;
      });
    },
  );
  request.on('error', () => {});
  onTestFinished(() => void request.destroy());
  return seen;
};

const samples = { nginx, caddy, haproxy };

describe.each(
  Object.entries(samples).filter(([name]) => openssl !== undefined && program(name) !== undefined),
)('The sample for %s', (name, start) => {
  it('the sample of the proxy passes WebSockets and events on without delay, over TLS, and does not publish the probes', async () => {
    const folder = join(temporaryFolder(), name);
    mkdirSync(folder);
    const router = await RunningRouter.start();
    const port = await freePort();
    const tls = await makeCertificate(openssl as string, folder);
    const { process, authority } = start({ folder, port, router: router.port, ...tls });
    await until(`${name} answers`, async () => {
      try {
        const probe = ask(port, authority, '/healthz');
        await until('an answer', () => probe.status !== 0, 1_000);
        return probe.status === 404;
      } catch {
        return false;
      }
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${process.stdout}${process.stderr}`);
    });

    const events = ask(port, authority, '/v1/events');
    await until('the events are open', () => events.status === 200);
    const env = {
      ROUTER_URL: `wss://127.0.0.1:${port}`,
      NODE_EXTRA_CA_CERTS: authority,
      AGENT_MODEL_KIND: 'rehearsal',
      AGENT_MAX_TURNS: '4',
    };
    startAgent(['bob', 'alice'], env);
    startAgent(['alice', 'bob', 'alice'], env);
    const { turns } = await router.ended('alice', 60_000);
    expect(turns).toBe(4);
    await until('the ending is among the events', () => events.text.includes('"type":"ended"'));
    expect(events.ended).toBe(false);
  });
});
