import type { ControlBody, PolicyName } from '@parley/protocol';

type Opening = ControlBody<'open'>;

export interface NewMember {
  readonly name: string;
  readonly persona: string;
  readonly model: string;
  /** The operator takes its seat as soon as the conversation is open. */
  readonly isPerson: boolean;
}

/** The limits of the form: name, label, and how much of the limit's unit one of the form's is. */
export const limitFields = [
  ['maxTurns', 'Most turns', 1],
  ['maxDurationMs', 'Most minutes', 60_000],
  ['maxTokens', 'Most tokens', 1],
  ['maxCost', 'Most dollars', 1],
  ['maxOutputTokens', 'Most tokens of a reply', 1],
  ['paceMs', 'Seconds between messages', 1_000],
] as const;
type LimitName = (typeof limitFields)[number][0];

/** What the form holds. `base`: what a scenario says besides. */
export interface NewConversation {
  readonly members: readonly NewMember[];
  readonly policy: PolicyName;
  readonly moderator: string;
  /** Undefined: the first of the members, or the moderator. */
  readonly first: string | undefined;
  readonly topic: string;
  readonly opening: string;
  readonly limits: Readonly<Partial<Record<LimitName, string>>>;
  readonly base: Partial<Opening>;
}

export const emptyForm: NewConversation = {
  members: [],
  policy: 'round-robin',
  moderator: '',
  first: undefined,
  topic: '',
  opening: '',
  limits: {},
  base: {},
};

export const newMember = (name: string): NewMember => ({ name, persona: '', model: '', isPerson: false });

/** The form of a scenario. */
export const formOf = (opening: Opening): NewConversation => {
  const {
    members,
    cast = [],
    policy = 'addressed',
    moderator = '',
    first,
    topic = '',
    limits = {},
  } = opening;
  return {
    members: members.map((name) => {
      const role = cast.find((one) => one.name === name);
      return { ...newMember(name), persona: role?.persona ?? '', model: role?.model ?? '' };
    }),
    policy,
    moderator,
    first,
    topic,
    opening: opening.opening ?? '',
    limits: Object.fromEntries(
      limitFields.flatMap(([name, , unit]) => {
        const value = limits[name];
        return value === undefined ? [] : [[name, String(value / unit)]];
      }),
    ),
    base: opening,
  };
};

/** Who speaks first. */
export const firstOf = ({ first, policy, moderator, members }: NewConversation): string | undefined =>
  first ?? (policy === 'moderator' && moderator ? moderator : members[0]?.name);

/** What is wrong before anything is sent; undefined when nothing is known to be. */
export const problemOf = ({ members, limits }: NewConversation): string | undefined => {
  if (members.length < 2) return 'A conversation needs at least two members.';
  const wrong = limitFields.find(([name]) => {
    const text = limits[name]?.trim();
    return text && !(Number(text) >= 0);
  });
  return wrong && `“${wrong[1]}” is not a number.`;
};

/** The body of the request that opens it. */
export const bodyOf = (form: NewConversation): Opening => {
  const { members, policy, moderator, first, topic, opening, limits, base } = form;
  const names = members.map(({ name }) => name);
  const cast = members.flatMap(({ name, persona, model }) =>
    persona.trim() || model.trim()
      ? [
          {
            name,
            ...(persona.trim() && { persona: persona.trim() }),
            ...(model.trim() && { model: model.trim() }),
          },
        ]
      : [],
  );
  const given = limitFields.flatMap(([name, , unit]) => {
    const text = limits[name]?.trim();
    return text ? [[name, unit === 1 ? Number(text) : Math.round(Number(text) * unit)]] : [];
  });
  const shown = new Set<string>(limitFields.map(([name]) => name));
  const others = Object.entries(base.limits ?? {}).filter(([name]) => !shown.has(name));
  const allLimits = Object.fromEntries([...others, ...given]) as NonNullable<Opening['limits']>;
  const hears = base.hears?.filter(({ from, to }) => [from, ...to].every((name) => names.includes(name)));
  return {
    members: names,
    policy,
    ...(base.admission && { admission: base.admission }),
    ...(base.seed !== undefined && { seed: base.seed }),
    ...(hears && hears.length > 0 && { hears }),
    ...(policy === 'moderator' && { moderator: moderator || (names[0] as string) }),
    ...(first !== undefined && names.includes(first) && { first }),
    ...(topic.trim() && { topic: topic.trim() }),
    ...(opening.trim() && { opening: opening.trim() }),
    ...(cast.length > 0 && { cast }),
    ...(Object.keys(allLimits).length > 0 && { limits: allLimits }),
  };
};
