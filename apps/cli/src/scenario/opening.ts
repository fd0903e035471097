import type { ControlBody } from '@parley/protocol';
import type { Scenario } from './scenario.ts';

export type Opening = ControlBody<'open'>;
type SomeLimits = NonNullable<Opening['limits']>;

/** The same without the keys that have no value. */
const given = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

/** Models repeat themselves, so repetition is limited by default. `repetition: off` allows it. */
const defaultRepetition = 0.9;

const limitsOf = ({ limits = {}, endings = {}, turn = {} }: Scenario): SomeLimits =>
  given<SomeLimits>({
    maxTurns: limits.turns,
    maxDurationMs: limits.duration,
    maxTokens: limits.tokens,
    maxTokensPerAgent: limits.tokensPerAgent,
    maxCost: limits.cost,
    maxCostPerAgent: limits.costPerAgent,
    maxTokensPerMinute: limits.tokensPerMinute,
    maxCostPerMinute: limits.costPerMinute,
    maxOutputTokens: limits.reply,
    stopPhrases: endings.stopPhrases,
    stopSpeakers: endings.stopSpeakers,
    quorum: endings.quorum === 'never' ? 0 : endings.quorum === 'all' ? undefined : endings.quorum,
    minTurns: endings.minTurns,
    maxRepetition: endings.repetition === 'off' ? 0 : (endings.repetition ?? defaultRepetition),
    farewells: endings.farewells,
    absentMs: endings.absent,
    gatherMs: endings.gather,
    turnDeadlineMs: turn.deadline,
    maxAttempts: turn.attempts,
    onFailure: turn.onFailure,
    paceMs: turn.pace,
  });

/** The body of the request that opens the conversation of a scenario. */
export const openingOf = (scenario: Scenario): Opening => {
  const { cast, topic, policy, moderator, admission, first, opening, seed } = scenario;
  const members = [...cast.keys()];
  const roles = [...cast].flatMap(([name, { persona, model }]) =>
    persona === undefined && model === undefined
      ? []
      : [given<{ name: string }>({ name, persona, model } as never)],
  );
  const hears = [...cast].flatMap(([from, { heardBy }]) => (heardBy ? [{ from, to: heardBy }] : []));
  return given<Opening>({
    by: undefined,
    members,
    first: first ?? moderator,
    policy,
    topic,
    moderator,
    admission,
    seed,
    opening,
    cast: roles.length > 0 ? roles : undefined,
    hears: hears.length > 0 ? hears : undefined,
    limits: limitsOf(scenario),
  });
};
