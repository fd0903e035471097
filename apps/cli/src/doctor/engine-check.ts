import { type Finding, findingsOf } from './finding.ts';
import type { Answer, Surroundings } from './surroundings.ts';

const { ok, note, fault } = findingsOf('compose');

const oldest = { engine: [20, 10], compose: [2, 24] } as const;

const isOlder = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const [, a = '0', b = '0'] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(a) < major || (Number(a) === major && Number(b) < minor);
};

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

const notAnswering = ({ stderr }: Answer): Finding =>
  /permission denied/i.test(stderr)
    ? fault('this user may not use the Docker engine', 'sudo usermod -aG docker "$USER", and sign in again')
    : fault(
        `the Docker engine does not answer: ${lastLine(stderr)}`,
        'sudo systemctl start docker, or start Docker Desktop',
      );

interface Container {
  readonly Service?: string;
  readonly State?: string;
  readonly ExitCode?: number;
  readonly Health?: string;
}

/** Compose writes one object on each line; older versions write a list. */
const containersIn = (text: string): Container[] => {
  try {
    return text.trim().startsWith('[')
      ? (JSON.parse(text) as Container[])
      : text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line) as Container);
  } catch {
    return [];
  }
};

const services = (containers: readonly Container[]): Finding[] =>
  containers.flatMap(({ Service: name = '?', State, ExitCode = 0, Health }) => {
    const log = `its log says why: docker compose logs ${name}`;
    if (State === 'restarting') return [fault(`${name} ends and is started again and again`, log)];
    if (State === 'exited' && ExitCode !== 0) return [fault(`${name} ended with exit code ${ExitCode}`, log)];
    return Health === 'unhealthy' ? [fault(`${name} runs and is not healthy`, log)] : [];
  });

/** The port on which the router is published, when the router of this project does not have it. */
const port = async ({ env, isTaken }: Surroundings, containers: readonly Container[]): Promise<Finding[]> => {
  const runs = containers.some(({ Service, State }) => Service === 'router' && State === 'running');
  const number = Number(env.PARLEY_PORT || env.ROUTER_PORT || 8765);
  const bind = env.PARLEY_BIND || '127.0.0.1';
  if (runs || !(await isTaken(bind, number))) return [];
  return [
    fault(
      `port ${number} of this machine is taken by another program`,
      `PARLEY_PORT=${number + 1} in .env, or end the other program (sudo ss -ltnp 'sport = :${number}')`,
    ),
  ];
};

const images = async ({ env, run }: Surroundings): Promise<Finding[]> => {
  const tag = env.PARLEY_IMAGE_TAG || 'latest';
  const names = ['router', 'agent', 'cli'].map((one) => `${env.PARLEY_IMAGES ?? ''}parley-${one}:${tag}`);
  const answers = await Promise.all(
    names.map((name) => run('docker', ['image', 'inspect', '--format', 'ok', name])),
  );
  const missing = names.filter((_, place) => answers[place]?.code !== 0);
  if (missing.length === 0 || (env.PARLEY_PULL ?? 'never') !== 'never') return [];
  return [fault(`images are not built: ${missing.join(', ')}`, 'docker compose --profile cli build')];
};

/** The Docker engine, its Compose, and what runs of this project. */
export const checkEngine = async (around: Surroundings): Promise<Finding[]> => {
  const { run, contained } = around;
  const engine = await run('docker', ['version', '--format', '{{.Server.Version}}']);
  if (engine === undefined)
    return [
      contained
        ? note(
            'the Docker engine cannot be asked from inside a container',
            'on the machine itself: npx parley doctor',
          )
        : note('docker is not installed, so the containers are not looked at'),
    ];
  if (engine.code !== 0) return [notAnswering(engine)];
  const version = engine.stdout.trim();
  const compose = await run('docker', ['compose', 'version', '--short']);
  if (compose?.code !== 0)
    return [fault('docker has no Compose', 'install the package docker-compose-plugin (2.24 or later)')];
  const found: Finding[] = [];
  if (isOlder(version, oldest.engine))
    found.push(fault(`the Docker engine is ${version}`, 'install Docker Engine 20.10 or later'));
  if (isOlder(compose.stdout, oldest.compose))
    found.push(
      fault(
        `Docker Compose is ${compose.stdout.trim()}`,
        'install Compose 2.24 or later: docker-compose-plugin',
      ),
    );
  if (found.length > 0) return found;
  const config = await run('docker', ['compose', 'config', '--quiet']);
  if (config?.code !== 0)
    return [
      fault(
        `the Compose files are refused: ${lastLine(config?.stderr ?? '')}`,
        'correct what the message names; docker compose config shows the whole',
      ),
    ];
  const listed = await run('docker', ['compose', 'ps', '--all', '--format', 'json']);
  const containers = containersIn(listed?.stdout ?? '');
  found.push(...services(containers), ...(await port(around, containers)), ...(await images(around)));
  return found.length > 0
    ? found
    : [
        ok(
          `Docker ${version} with Compose ${compose.stdout.trim()} runs ${containers.length} containers of this folder`,
        ),
      ];
};
