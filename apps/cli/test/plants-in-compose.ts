import { failed, said } from './planted-faults.ts';
import type { Plant } from './plants-on-machine.ts';

/** Faults of a Compose deployment. */
export const plantsInCompose: readonly Plant[] = [
  {
    fault: 'the router is published beyond loopback without tokens',
    plant: (world) => world.composed({ PARLEY_BIND: '0.0.0.0' }),
    found: /PARLEY_BIND=0\.0\.0\.0: others can reach the router/,
    fix: /ROUTER_TOKENS=.*AGENT_TOKEN=/,
  },
  {
    fault: 'the agents have no token for a router with tokens',
    plant: (world) => world.composed({ ROUTER_TOKENS: 'secret-of-eight-characters' }),
    found: /AGENT_TOKEN is not: the agents are refused/,
    fix: /^AGENT_TOKEN=/,
  },
  {
    fault: 'a setting of one agent stands in .env for all',
    plant: (world) => world.composed({ AGENT_NAME: 'carol' }),
    found: /^AGENT_NAME is set in \.env/,
    fix: /docker-compose\.override\.yml/,
  },
  {
    fault: 'the model server of a container is named localhost',
    plant: (world) => {
      world.composed({ OPENAI_BASE_URL: `${world.model.url}/v1`, OPENAI_API_KEY: 'sk-right' });
    },
    found: /in a container that is the container itself/,
    fix: /^OPENAI_BASE_URL=http:\/\/host\.docker\.internal:\d+\/v1 in \.env/,
  },
  {
    fault: 'COMPOSE_FILE names a file that is missing',
    plant: (world) => world.composed({ COMPOSE_FILE: 'docker-compose.yml:mine.yml' }),
    found: /names mine\.yml, which is not in/,
    fix: /correct COMPOSE_FILE/,
  },
  {
    fault: 'a team has no domain',
    plant: (world) => {
      world.team('router', 'alice', 'operator');
      world.env.PARLEY_DOMAIN = '';
    },
    found: /PARLEY_DOMAIN is not set/,
    fix: /PARLEY_DOMAIN=.*>>\.env/,
  },
  {
    fault: 'the secret of an agent is missing',
    plant: (world) => world.team('router', 'operator'),
    found: /the secret of alice is missing/,
    fix: /^docker compose run --rm tokens alice$/,
  },
  {
    fault: 'the router of a team has no list of tokens',
    plant: (world) => world.team('alice', 'operator'),
    found: /the router has no list of tokens/,
    fix: /^docker compose run --rm tokens operator --role operator$/,
  },
  {
    fault: 'several routers have no password at NATS',
    plant: (world) => world.clustered({}),
    found: /PARLEY_NATS_PASSWORD is not set/,
    fix: /PARLEY_NATS_PASSWORD=.*>>\.env/,
  },
  {
    fault: 'the configuration of NATS reads the password as a number',
    plant: (world) => world.clustered({ PARLEY_NATS_PASSWORD: '12e4567890abcdef01' }),
    found: /PARLEY_NATS_PASSWORD is not usable/,
    fix: /PARLEY_NATS_PASSWORD=p/,
  },
  {
    fault: 'the Docker engine does not run',
    plant: (world) => {
      world.composed();
      world.docker = {
        version: failed('Cannot connect to the Docker daemon at unix:///var/run/docker.sock.'),
      };
    },
    found: /engine does not answer: Cannot connect/,
    fix: /systemctl start docker/,
  },
  {
    fault: 'the user may not use the Docker engine',
    plant: (world) => {
      world.composed();
      world.docker = { version: failed('permission denied while trying to connect') };
    },
    found: /may not use the Docker engine/,
    fix: /usermod -aG docker/,
  },
  {
    fault: 'Compose is too old',
    plant: (world) => {
      world.composed();
      Object.assign(world.docker ?? {}, { 'compose version': said('2.17.2\n') });
    },
    found: /Docker Compose is 2\.17\.2/,
    fix: /2\.24 or later/,
  },
  {
    fault: 'Compose refuses its files',
    plant: (world) => {
      world.composed();
      Object.assign(world.docker ?? {}, {
        'compose config': failed('x\nservices.router.ports must be a list\n'),
      });
    },
    found: /refused: services\.router\.ports must be a list/,
    fix: /docker compose config/,
  },
  {
    fault: 'the published port is taken',
    plant: (world) => {
      world.composed();
      Object.assign(world.docker ?? {}, { 'compose ps': said('') });
      world.around = { isTaken: (_host, port) => Promise.resolve(port === 8_765) };
    },
    found: /port 8765 of this machine is taken/,
    fix: /^PARLEY_PORT=8766 in \.env/,
  },
  {
    fault: 'the images are not built',
    plant: (world) => {
      world.composed();
      Object.assign(world.docker ?? {}, { 'image inspect': failed('No such image') });
    },
    found: /images are not built: parley-router:latest/,
    fix: /^docker compose --profile cli build$/,
  },
  {
    fault: 'a container has failed',
    plant: (world) => {
      world.composed();
      const router = '{"Service":"router","State":"running"}';
      Object.assign(world.docker ?? {}, {
        'compose ps': said(`${router}\n{"Service":"alice","State":"exited","ExitCode":1}\n`),
      });
    },
    found: /alice ended with exit code 1/,
    fix: /docker compose logs alice$/,
  },
];
