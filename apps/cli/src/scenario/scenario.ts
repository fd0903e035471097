import {
  admissions,
  maxMembers,
  maxTextLength,
  nameFault,
  namePattern,
  normalName,
  policyNames,
} from '@parley/protocol';
import {
  either,
  type Field,
  flag,
  isBlock,
  list,
  mapping,
  measure,
  oneOf,
  optional,
  record,
  required,
  text,
  type Value,
} from './field.ts';
import { readAmount, readDollars, readDuration, readShare } from './units.ts';

const name = text({ max: 64, schemaPattern: namePattern, fault: nameFault, normal: normalName });
const names = list(name, { max: maxMembers, what: 'names' });

const amount = (unit: string, max: number, min = 0): Field<number> =>
  measure(`a number of ${unit}s`, (raw) => readAmount(raw, unit), {
    min,
    max,
    schema: {
      anyOf: [
        { type: 'integer', minimum: min, maximum: max },
        { type: 'string', pattern: '^[0-9]' },
      ],
    },
  });
const duration = (max: string): Field<number> =>
  measure('a time such as 90 s or 10 minutes', readDuration, {
    min: 0,
    max: readDuration(max) as number,
    schema: { anyOf: [{ const: 0 }, { type: 'string', pattern: '^\\s*[0-9.]+\\s*[a-zA-Z]+' }] },
  });
const dollars: Field<number> = measure('an amount such as $0.50', readDollars, {
  min: 0,
  max: 1_000_000_000,
  schema: {
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: '^\\$?\\s*[0-9]' },
    ],
  },
});
const share: Field<number> = measure('a share such as 0.6 or 60 %', readShare, {
  min: 0,
  max: 1,
  schema: {
    anyOf: [
      { type: 'number', minimum: 0, maximum: 1 },
      { type: 'string', pattern: '^[0-9.]+ ?%?$' },
    ],
  },
});
const number = (min: number, max: number): Field<number> =>
  measure('a number', (raw) => (raw.trim() === '' ? undefined : Number(raw)), {
    min,
    max,
    schema: { type: 'number', minimum: min, maximum: max },
  });
const whole = (min: number, max: number): Field<number> =>
  measure('a whole number', (raw) => (raw.trim() === '' ? undefined : Number(raw)), {
    min,
    max,
    whole: true,
    schema: { type: 'integer', minimum: min, maximum: max },
  });

const persona = text({ max: 16_000 });

/** One member of the cast. A plain text is its persona. */
const member = record({
  persona: optional('Who it is and what it wants. Only this member and operators see it.', persona),
  model: optional("The model that it asks. Default: the agent's own (OPENAI_MODEL).", text({ max: 200 })),
  server: optional(
    'An OpenAI-compatible server for this member alone, with its /v1.',
    text({ max: 2_000, pattern: /^https?:\/\/\S+$/, expected: 'an http or https URL' }),
  ),
  key: optional(
    'The variable of the environment that holds the key of its server. OPENAI_API_KEY goes to OPENAI_BASE_URL alone.',
    text({
      max: 200,
      pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
      expected: 'the name of a variable, not the key itself',
    }),
  ),
  keyFile: optional('The file that holds the key of its server.', text({ max: 4_000 })),
  temperature: optional("0..2. Default: the server's own.", number(0, 2)),
  maxTokens: optional('Maximum tokens of one reply.', amount('token', 1_000_000, 1)),
  history: optional(
    'Maximum tokens of the conversation that its model is shown.',
    amount('token', 10_000_000, 100),
  ),
  replicas: optional('How many processes share its work. Default: 1.', whole(1, 64)),
  addresses: optional(
    'Under policy addressed: the member that its messages address. Default: the next of the cast.',
    name,
  ),
  heardBy: optional('Only these members hear its messages. Default: all members.', names),
  external: optional('It connects by itself (a person, a bot of yours): no process is started.', flag),
});
type Member = Value<typeof member>;

const asMember: Field<Member> = {
  read(node, problems) {
    if (isBlock(problems.resolve(node))) return member.read(node, problems);
    const read = persona.read(node, problems);
    return read === undefined ? undefined : { persona: read };
  },
  schema: { anyOf: [persona.schema, member.schema] },
};

const limits = record({
  turns: optional('Turns after which it ends; 0: no limit.', amount('turn', 1_000_000_000)),
  duration: optional('Time after which it ends; 0: no limit.', duration('365 d')),
  tokens: optional('Tokens of the whole conversation, in and out.', amount('token', 1e12)),
  cost: optional("Dollars of the whole conversation, by the router's price table.", dollars),
  tokensPerAgent: optional('Tokens of each member.', amount('token', 1e12)),
  costPerAgent: optional('Dollars of each member.', dollars),
  tokensPerMinute: optional(
    'Tokens of the whole conversation in any minute; beyond it the conversation is paused.',
    amount('token', 1e12),
  ),
  costPerMinute: optional(
    'Dollars of the whole conversation in any minute; beyond it the conversation is paused.',
    dollars,
  ),
  reply: optional('Maximum tokens of any reply.', amount('token', 1_000_000, 1)),
});

const endings = record({
  stopPhrases: optional(
    'Each ends the conversation when it stands on a line of its own.',
    list(text({ max: 200 }), { max: 16, what: 'stop phrases' }),
  ),
  stopSpeakers: optional('The members whose stop phrases count. Default: all members.', names),
  quorum: optional(
    'How many members must vote that it is done, in a row: all, never, or a number. Default: all.',
    either(oneOf(['all', 'never']), (node) => Number.isNaN(Number(String(node ?? ''))), whole(1, maxMembers)),
  ),
  minTurns: optional('Turns before votes and stop phrases count.', amount('turn', 1_000_000_000)),
  repetition: optional(
    'Messages more alike than this share are a loop: a private nudge first, then the ending; or off. Default: 90 %.',
    either(oneOf(['off']), (node) => Number.isNaN(Number.parseFloat(String(node ?? ''))), share),
  ),
  farewells: optional('Goodbyes in a row are a loop: a private nudge first, then the ending.', flag),
  absent: optional('How long a turn waits for a member that is not connected.', duration('365 d')),
  gather: optional(
    'How long the first turn waits for all members to connect. Default: it does not wait.',
    duration('365 d'),
  ),
});

const turn = record({
  deadline: optional('The time that a member has for its reply.', duration('1 h')),
  attempts: optional('How often one turn is granted before onFailure applies.', whole(1, 1_000)),
  onFailure: optional(
    'What happens when a turn has used up its attempts, or its member is not connected for too long.',
    oneOf(['retry', 'skip', 'end']),
  ),
  pace: optional('Minimum time between two messages, for readers.', duration('1 h')),
});

const cast = mapping(asMember, {
  pattern: namePattern,
  fault: nameFault,
  normal: normalName,
  expected: '2 or more members',
  min: 2,
  max: maxMembers,
});

/** The format of a scenario file: type, check and JSON Schema. */
export const scenarioField = record({
  title: optional('Its title in lists.', text({ max: 200 })),
  about: optional('What happens in it, for people who choose one.', text({ max: 2_000 })),
  topic: required('what they talk about; every member knows it', text({ max: 4_000 })),
  policy: optional(
    'Who speaks next. Default: addressed, which is a pair for two and a ring for more.',
    oneOf(policyNames),
  ),
  moderator: optional('Under policy moderator: who picks the next speaker and may close.', name),
  cast: required('who takes part, by name', cast),
  admission: optional(
    'Who may join: invited members only, or open to every agent that knows its id. Default: invited.',
    oneOf(admissions),
  ),
  first: optional('Who speaks first. Default: the moderator, else the first of the cast.', name),
  opening: optional('The first message, which needs no model.', text({ max: maxTextLength })),
  seed: optional('Seed of the policy random and of the agents.', whole(0, 2_147_483_647)),
  limits: optional('The limits at which it stops.', limits),
  endings: optional('Other reasons to end.', endings),
  turn: optional('Settings of each turn.', turn),
});

export type Scenario = Value<typeof scenarioField>;
