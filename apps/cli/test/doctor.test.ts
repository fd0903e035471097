import { describe, expect, it } from 'vitest';
import { TableServer, World } from './planted-faults.ts';
import { plantsInCompose } from './plants-in-compose.ts';
import { plantsOnMachine } from './plants-on-machine.ts';

const plants = [...plantsOnMachine, ...plantsInCompose];

describe('parley doctor', () => {
  it('parley doctor is tested with at least fifteen faults', () => {
    expect(plants.length).toBeGreaterThanOrEqual(15);
  });

  it.each([
    ['on a machine', () => {}],
    ['of containers', (world: World) => world.composed()],
    ['of a team', (world: World) => world.team('router', 'alice', 'operator')],
  ])('parley doctor finds no fault in a healthy deployment %s', async (_, make) => {
    const world = await World.healthy();
    make(world);
    const findings = await world.findings();
    expect(findings.filter(({ level }) => level === 'fault')).toEqual([]);
    expect(findings.filter(({ level }) => level === 'ok').map(({ area }) => area)).toEqual(
      expect.arrayContaining(['settings', 'router', 'machine']),
    );
  });

  it.each(plants.map((plant) => [plant.fault, plant] as const))(
    'parley doctor finds only that %s, and says how to fix it',
    async (_, { plant, found, fix }) => {
      const world = await World.healthy();
      await plant(world);
      const faults = (await world.findings()).filter(({ level }) => level === 'fault');
      expect(faults).toEqual([
        {
          level: 'fault',
          area: expect.any(String),
          text: expect.stringMatching(found),
          fix: expect.stringMatching(fix),
        },
      ]);
    },
  );

  it('parley doctor finds several faults at once', async () => {
    const world = await World.healthy();
    world.env.ROUTER_PROT = '1';
    await world.router.stop();
    await world.model.stop();
    const areas = (await world.findings()).flatMap(({ level, area }) => (level === 'fault' ? [area] : []));
    expect(areas.toSorted()).toEqual(['model', 'router', 'settings']);
  });

  it('parley doctor sends the token only to the router, and the key only to the model server', async () => {
    const world = await World.healthy();
    await world.findings();
    expect(world.router.authorization).toBe('Bearer token');
    expect(world.model.authorization).toBe('Bearer sk-right');
  });

  it('parley doctor notes an older router, an observer, and agents that conversations wait for', async () => {
    const world = await World.healthy();
    Object.assign(world.router.replies, {
      '/metrics': [200, 'parley_build_info{version="1.0.0"} 1\n'],
      '/v1/me': [200, JSON.stringify({ role: 'observer', names: [] })],
      '/v1/conversations': [200, JSON.stringify({ conversations: [{ waiting: { bob: 'absent' } }] })],
    });
    const notes = (await world.findings()).filter(({ level }) => level === 'note');
    expect(notes.map(({ text }) => text).join('\n')).toMatch(
      /an observer[\s\S]*has version 1\.0\.0[\s\S]*not connected: bob/,
    );
  });

  it('parley doctor says in a container that it cannot reach the engine from there', async () => {
    const world = await World.healthy();
    world.composed();
    world.docker = undefined;
    world.around = { contained: true };
    const findings = await world.findings();
    expect(findings.find(({ text }) => /inside a container/.test(text))).toMatchObject({ level: 'note' });
    expect(findings.filter(({ level }) => level === 'fault')).toEqual([]);
  });

  it.each([
    [true, 'http://host.docker.internal:11434/v1'],
    [false, 'http://localhost:11434/v1'],
  ])(
    'parley doctor names a model server of this machine as it is reached from a container (%s): %s',
    async (contained, url) => {
      const world = await World.healthy();
      world.env.OPENAI_API_KEY = '';
      world.env.OPENAI_BASE_URL = '';
      world.around = { contained };
      expect((await world.findings()).filter(({ area }) => area === 'model')).toMatchObject([
        { level: 'note', fix: expect.stringContaining(`OPENAI_BASE_URL=${url}`) },
      ]);
    },
  );

  it('parley doctor asks a model server of this machine under the name that containers have for it', async () => {
    const world = await World.healthy();
    world.env.OPENAI_BASE_URL = `${world.model.url}/v1`.replace('127.0.0.1', 'host.docker.internal');
    expect((await world.findings()).filter(({ area }) => area === 'model')).toMatchObject([{ level: 'ok' }]);
  });

  it('parley doctor finds no fault in a model server whose name only containers know', async () => {
    const world = await World.healthy();
    world.env.OPENAI_BASE_URL = 'http://ollama-that-is-a-container:11434/v1';
    expect((await world.findings()).filter(({ area }) => area === 'model')).toMatchObject([
      { level: 'note', fix: expect.stringMatching(/docker compose run --rm parley doctor/) },
    ]);
  });

  it('parley doctor finds a model that its server lists with a tag', async () => {
    const world = await World.healthy();
    const server = await TableServer.start({
      '/v1/models': [200, JSON.stringify({ data: [{ id: 'gpt-4.1-nano:latest' }] })],
    });
    world.env.OPENAI_BASE_URL = `${server.url}/v1`;
    const models = (await world.findings()).filter(({ area }) => area === 'model');
    expect(models).toMatchObject([{ level: 'ok' }]);
  });
});
