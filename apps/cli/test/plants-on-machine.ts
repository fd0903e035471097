import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLedger } from '@parley/router/ledger/sqlite';
import { ended, opened, said } from './entries.ts';
import { refusal, type World } from './planted-faults.ts';

/** A fault, how a test plants it, and what `parley doctor` must say about it. */
export interface Plant {
  readonly fault: string;
  plant(world: World): void | Promise<void>;
  readonly found: RegExp;
  readonly fix: RegExp;
}

const damagedLedger = async (world: World): Promise<void> => {
  world.write('data/backups/ledger-20260101T000000Z.sqlite');
  world.write('data/backups/ledger-20260301T000000Z.sqlite');
  const path = join(world.folder, 'data/ledger.sqlite');
  const ledger = openSqliteLedger(path);
  const entries = [opened(), said(2, 'alice', 'the marked words'), ended(3)];
  await ledger.append([{ conversation: 'c', expectedSeq: 0, entries }]);
  ledger.close();
  const bytes = readFileSync(path);
  bytes.write('THE', bytes.indexOf('the marked words'));
  writeFileSync(path, bytes);
};

/** Faults of the settings, the router, the model server, the machine and the ledger. */
export const plantsOnMachine: readonly Plant[] = [
  {
    fault: 'no router listens',
    plant: ({ router }) => router.stop(),
    found: /^no connection to a router at .*ECONNREFUSED/,
    fix: /parley router` or `docker compose up --detach`.*--url/,
  },
  {
    fault: 'the name of the router is not known',
    plant: (world) => {
      world.url = 'http://router.invalid:8765';
    },
    found: /its name is not known to this machine|nothing answers/,
    fix: /ROUTER_URL/,
  },
  {
    fault: 'another program has the port of the router',
    plant: ({ router }) => {
      router.replies['/healthz'] = [200, '<!doctype html>'];
    },
    found: /it is no Parley router/,
    fix: /--url or ROUTER_URL/,
  },
  {
    fault: 'another program answers the probes',
    plant: ({ router }) => {
      delete router.replies['/v1/me'];
    },
    found: /it is no Parley router/,
    fix: /ROUTER_URL/,
  },
  {
    fault: 'the router needs a token and none is set',
    plant: (world) => {
      world.token = undefined;
      world.router.replies['/v1/me'] = refusal(401, 'a token is needed');
    },
    found: /needs a token, and none is set/,
    fix: /PARLEY_TOKEN=.*parley router token NAME --role operator/,
  },
  {
    fault: 'the router does not know the token',
    plant: ({ router }) => {
      router.replies['/v1/me'] = refusal(401, 'unknown token');
    },
    found: /does not know the token: unknown token/,
    fix: /parley router token NAME --role operator/,
  },
  {
    fault: 'the token is that of an agent',
    plant: ({ router }) => {
      router.replies['/v1/me'] = refusal(403, 'this needs the role observer');
    },
    found: /refuses the token/,
    fix: /--role operator/,
  },
  {
    fault: 'the router is asked under a name that it does not have',
    plant: ({ router }) => {
      router.replies['/healthz'] = refusal(403, 'the Host 127.0.0.1 is not the router');
    },
    found: /refuses the name under which it is asked/,
    fix: /^ROUTER_HOSTS=127\.0\.0\.1/,
  },
  {
    fault: 'the router drains',
    plant: ({ router }) => {
      router.replies['/readyz'] = [503, 'draining\n'];
    },
    found: /takes no work: draining/,
    fix: /docker compose logs router/,
  },
  {
    fault: 'the clocks differ',
    plant: (world) => {
      world.around = { now: () => Date.now() + 90_000 };
    },
    found: /differ by (8|9)\d s/,
    fix: /timedatectl set-ntp true/,
  },
  {
    fault: 'the model server is not there',
    plant: ({ model }) => model.stop(),
    found: /no connection to the model server at .*ECONNREFUSED/,
    fix: /start the model server, or correct OPENAI_BASE_URL/,
  },
  {
    fault: 'the model server refuses the key',
    plant: ({ model }) => {
      model.replies['/v1/models'] = [401, '{}'];
    },
    found: /refuses the key \(401\)/,
    fix: /OPENAI_API_KEY=/,
  },
  {
    fault: 'the base URL lacks its /v1',
    plant: ({ env, model }) => {
      env.OPENAI_BASE_URL = model.url;
    },
    found: /lacks its \/v1/,
    fix: /^OPENAI_BASE_URL=http:.*\/v1$/,
  },
  {
    fault: 'the model server does not have the model',
    plant: ({ env }) => {
      env.OPENAI_MODEL = 'gpt-4.1-nan';
    },
    found: /has no model gpt-4\.1-nan; it has gpt-4\.1-nano/,
    fix: /^OPENAI_MODEL=gpt-4\.1-nano$/,
  },
  {
    fault: 'the model server answers with a web page',
    plant: ({ model }) => {
      model.replies['/v1/models'] = [200, '<html>'];
    },
    found: /answers with a web page/,
    fix: /^OPENAI_BASE_URL=/,
  },
  {
    fault: 'a setting of the router is misspelt',
    plant: ({ env }) => {
      env.ROUTER_PROT = '8766';
    },
    found: /^ROUTER_PROT: unknown setting/,
    fix: /ROUTER_PORT=… in the place of ROUTER_PROT/,
  },
  {
    fault: 'a setting of the agents has a wrong value',
    plant: ({ env }) => {
      env.AGENT_CAPACITY = 'many';
    },
    found: /^AGENT_CAPACITY: expected an integer/,
    fix: /correct AGENT_CAPACITY/,
  },
  {
    fault: '.env has a line that is no assignment',
    plant: ({ problems }) => {
      problems.push('.env:3: expected NAME=value, got "OPENAI"');
    },
    found: /^\.env:3/,
    fix: /correct \.env:3/,
  },
  {
    fault: 'the disk is nearly full',
    plant: (world) => {
      world.around = { freeBytes: () => 20 * 1024 * 1024 };
    },
    found: /has 20 MB of space left/,
    fix: /PARLEY_RUNS_KEEP|ROUTER_RETENTION_DAYS/,
  },
  {
    fault: 'the ledger is damaged, and there are backups',
    plant: damagedLedger,
    found: /the ledger is damaged: conversation c, entry 2 .*checksum/,
    fix: /parley router restore .*ledger-20260301T000000Z\.sqlite .*data\/ledger\.sqlite$/,
  },
  {
    fault: 'the ledger is a file of another kind',
    plant: (world) =>
      world.write('data/ledger.sqlite', 'no database at all, although it is long enough for one'),
    found: /it is not a ledger/,
    fix: /^ROUTER_LEDGER=/,
  },
];
