import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment, docker } from './deployment.ts';

interface Container {
  readonly Config: { readonly User: string; readonly Env: readonly string[]; readonly Healthcheck?: object };
  readonly HostConfig: {
    readonly [limit: string]: unknown;
    readonly PortBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>> | null;
  };
}

const ours = ['router', 'alice', 'bob', 'host', 'crowd', 'watch'];

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.create('parley-test-hardening');
  deployment.compose(['create', '--no-build', ...ours, 'prometheus']);
});
afterAll(() => deployment[Symbol.asyncDispose]());

const inspect = (service: string): Container => {
  const [container] = JSON.parse(docker('inspect', ...deployment.containers(service))) as Container[];
  if (!container) throw new Error(`${service} has no container`);
  return container;
};

describe.each([...ours, 'prometheus'])('the container of %s', (service) => {
  test('the container has no unneeded privilege', () => {
    const { HostConfig, Config } = inspect(service);
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: null,
      SecurityOpt: ['no-new-privileges:true'],
      Privileged: false,
      Init: true,
    });
    expect(Config.User).not.toMatch(/^(|0|root)$/);
  });

  test('the container cannot use up the memory, processors, processes or disk of the machine', () => {
    const { HostConfig } = inspect(service);
    expect(HostConfig.Memory).toBeGreaterThan(0);
    expect(HostConfig.NanoCpus).toBeGreaterThan(0);
    expect(HostConfig.PidsLimit).toBeGreaterThan(0);
    expect(HostConfig.LogConfig).toEqual({
      Type: 'json-file',
      Config: { 'max-file': '3', 'max-size': '10m' },
    });
  });

  test('the container publishes ports on loopback only', () => {
    const bindings = Object.values(inspect(service).HostConfig.PortBindings ?? {}).flat();
    expect(bindings.map(({ HostIp }) => HostIp)).toEqual(bindings.map(() => '127.0.0.1'));
  });
});

test.each(['router', 'alice'])(
  'the service %s cannot write outside its volume and /tmp, and has an ordinary user',
  (service) => {
    const attempts =
      'id -u; for f in /x /app/x /home/node/x /tmp/x /data/x; do touch $f && echo $f; done 2>/dev/null || true';
    const output = deployment.compose(['run', '--rm', '--no-deps', '-T', service, 'bash', '-c', attempts]);
    expect(output.split('\n')).toEqual(['1000', '/tmp/x', ...(service === 'router' ? ['/data/x'] : [])]);
  },
);
