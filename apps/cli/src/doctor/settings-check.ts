import { readSettings } from '@parley/agent/read-settings';
import { settings as routerSettings } from '@parley/router/settings';
import { loadSettings, parleyVariables, problemsOf } from '@parley/runtime';
import { type Finding, findingsOf } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

const { ok, fault } = findingsOf('settings');

/** What to do about a problem that the reader of the settings has found. */
const fixOf = (problem: string): string => {
  const [, name] = /^([A-Z][A-Z0-9_]*):/.exec(problem) ?? [];
  const [, meant] = /did you mean ([A-Z0-9_]+)\?/.exec(problem) ?? [];
  if (name !== undefined && meant !== undefined)
    return `in .env or in the shell: ${meant}=… in the place of ${name}`;
  const [, place] = /^(\S+:\d+):/.exec(problem) ?? [];
  if (place !== undefined) return `correct ${place}, or put the value in single quotes`;
  return name === undefined
    ? 'save .env again as UTF-8'
    : `correct ${name} in .env or in the shell, or take it out`;
};

/** Every setting that a router, an agent or the command line would refuse. */
export const checkSettings = ({ env, problems }: Surroundings): Finding[] => {
  const all = [
    ...problems,
    ...problemsOf(() =>
      loadSettings(routerSettings, env, {
        prefixes: ['ROUTER_'],
        foreign: ['ROUTER_URL'],
        neighbours: parleyVariables,
      }),
    ),
    ...problemsOf(() => readSettings([], env)),
  ];
  const found = [...new Set(all)].map((problem) => fault(problem, fixOf(problem)));
  return found.length > 0 ? found : [ok('every setting in the environment and in .env is one that is known')];
};
