import { describe, expect, it } from 'vitest';
import { deriveName, type Machine, shortName } from '../src/agent-name.ts';

const machine = (more: Partial<Machine>): Machine => ({
  hostname: () => '3f2a9c01b7de',
  addresses: () => ['172.18.0.5'],
  namesOf: async () => [],
  ...more,
});

describe('the name of an agent that was given none', () => {
  it('an agent without a name is named after its container, without the project', async () => {
    const asked: string[] = [];
    const namesOf = async (address: string) => {
      asked.push(address);
      return ['my-parley-crowd-3.my-parley_default'];
    };
    expect(await deriveName(machine({ namesOf }))).toBe('crowd-3');
    expect(asked).toEqual(['172.18.0.5']);
  });

  it('an agent without a name has the whole name of its container on a network whose name does not contain the project', () => {
    expect(shortName('my-parley-crowd-3.shared')).toBe('my-parley-crowd-3');
  });

  it('an agent without a name has the host name when its address has no name, or no name of a container', async () => {
    const rejects = async (): Promise<never> => Promise.reject(new Error('ENOTFOUND'));
    expect(await deriveName(machine({ namesOf: rejects }))).toBe('3f2a9c01b7de');
    expect(await deriveName(machine({ namesOf: async () => ['gateway.lan'] }))).toBe('3f2a9c01b7de');
  });

  it('an agent without a name has the host name outside containers, changed to a valid name, without a DNS request', async () => {
    const namesOf = async (): Promise<never> => {
      throw new Error('asked');
    };
    expect(await deriveName(machine({ hostname: () => "_Ann's laptop.local", namesOf }))).toBe(
      'Ann-s-laptop.local',
    );
  });
});
