import type { Problems } from './problems.ts';
import type { Scenario } from './scenario.ts';

/** Checks that need several keys: names that no member has, and settings that contradict each other. */
export const checkConsistency = (scenario: Scenario, problems: Problems): void => {
  const { cast, policy = 'addressed', moderator, first, endings } = scenario;
  const members = [...cast.keys()];
  const known = (name: string | undefined, ...path: string[]) => {
    if (name !== undefined && !cast.has(name)) {
      problems.atPath(path, `${name} is not in the cast${problems.nearest(name, members)}`);
    }
  };
  known(moderator, 'moderator');
  known(first, 'first');
  for (const name of endings?.stopSpeakers ?? []) known(name, 'endings', 'stopSpeakers');
  for (const [self, { addresses, heardBy = [], external, replicas, key, keyFile }] of cast) {
    if (key !== undefined && keyFile !== undefined)
      problems.atPath(['cast', self, 'keyFile'], 'there is a key as well: name one of the two');
    known(addresses, 'cast', self, 'addresses');
    for (const name of heardBy) known(name, 'cast', self, 'heardBy');
    if (addresses === self) problems.atPath(['cast', self, 'addresses'], `${self} addresses itself`);
    if (addresses !== undefined && policy !== 'addressed') {
      problems.atPath(['cast', self, 'addresses'], `has no effect under policy ${policy}`);
    }
    if (external && replicas !== undefined) {
      problems.atPath(['cast', self, 'replicas'], 'no process is started for a member that is external');
    }
  }
  if (policy === 'moderator' && moderator === undefined) {
    problems.atPath(['policy'], 'policy moderator needs a moderator');
  }
  if (policy !== 'moderator' && moderator !== undefined) {
    problems.atPath(['moderator'], `has no effect under policy ${policy}`);
  }
  const { quorum } = endings ?? {};
  if (typeof quorum === 'number' && quorum > members.length) {
    problems.atPath(['endings', 'quorum'], `there are only ${members.length} members`);
  }
  if (endings?.stopSpeakers && !endings.stopPhrases) {
    problems.atPath(['endings', 'stopSpeakers'], 'there are no stopPhrases');
  }
};
