import { fnv1a } from '@parley/text';
import { lastHeard, type SaidLine, type TurnContext } from '../../memory/turn-context.ts';
import { aborted, estimateTokens, type Model, type ModelRequest } from '../model.ts';
import type { ModelSource } from '../model-source.ts';
import { sleepUntilAborted } from '../retry.ts';
import { gesture, rehearsedBid, rehearsedSummary, votesToEnd } from './rehearsal-floor.ts';
import { pickQuote } from './rehearsal-quote.ts';
import type { Aspect, Side } from './rehearsal-script.ts';
import * as script from './rehearsal-script.ts';

/** How many messages it searches for variants that were used already. */
const memory = 64;
/** Without a limit on turns, it says the stop phrase, if there is one, after this number of messages. */
const talkedOut = 24;

const against = /sceptic|skeptic|critic|against|oppos|doubt|devil|pessimis|cautious|careful|conservative/i;
const infavour = /optimis|enthusias|advocate|in favou?r|support|believ|proponent|visionary|dreamer/i;

/** The side of a member: by its persona, else alternately by the order of the members. */
export const sideOf = ({ persona = '', members, self }: TurnContext): Side => {
  if (against.test(persona) !== infavour.test(persona)) return against.test(persona) ? 'con' : 'pro';
  return members.indexOf(self) % 2 === 0 ? 'pro' : 'con';
};

/** Reads "a retired judge" from "You are Ada, a retired judge. …". */
export const roleOf = (persona = ''): string | undefined => {
  const role = /(?:\b(?:you are|you're)\b[^.\n]*?\b|^)(an? [a-z][^.,;:!?\n]{2,60})/i.exec(persona)?.[1];
  return role?.trim();
};

interface RehearsalSettings {
  readonly seed: number | undefined;
  readonly delayMs: number;
}

/** Makes one message. Pure: the same context and seed give the same message. */
class Speaker {
  readonly #context: TurnContext;
  readonly #seed: number;
  readonly #last: SaidLine | undefined;
  readonly #said: string;
  readonly #topic: string;
  readonly #side: Side;
  #leaving = false;
  /** Aspects that this message already mentions. */
  readonly #touched = new Set<Aspect>();

  constructor(context: TurnContext, seed: number) {
    this.#context = context;
    this.#seed = seed;
    this.#last = lastHeard(context);
    const lines = context.lines.slice(-memory);
    this.#said = lines.map((line) => ('text' in line ? line.text : '')).join('\n');
    this.#side = sideOf(context);
    const begun = /“([^”]+)”/.exec(context.opening?.text ?? '')?.[1];
    this.#topic = context.topic ?? begun ?? this.#least(script.topics, (topic) => topic);
  }

  line(): string {
    const { remaining, turn, members, stopPhrases } = this.#context;
    const { turns } = remaining;
    if (votesToEnd(this.#context)) return this.#farewell();
    if (turns !== undefined && turns <= members.length) return this.#farewell();
    const [stopPhrase] = stopPhrases;
    if (turns === undefined && stopPhrase !== undefined && turn >= talkedOut) {
      return `${this.#farewell()} ${stopPhrase}`;
    }
    if (!this.#last) return this.#opening();
    if (turns !== undefined && turns <= 2 * members.length) {
      return this.#compose(this.#say(script.windingDown), this.#point(this.#fresh()));
    }
    return this.#reply(this.#last);
  }

  #opening(): string {
    return this.#compose(
      this.#say(script.greetings),
      this.#say(script.topicLines),
      this.#say(script.stances[this.#side]),
      this.#role(),
      this.#point(this.#fresh()),
    );
  }

  /** Answers a question, discusses a claim, or begins a new aspect. */
  #reply({ text }: SaidLine): string {
    const asked = script.aspects.find(({ ask }) => text.includes(ask));
    const claimed = script.aspects.find(({ pro, con }) => text.includes(pro) || text.includes(con));
    const first = this.#isFirst() ? this.#say(script.stances[this.#side]) : '';
    if (asked) {
      return this.#compose(
        this.#say(script.answers),
        first,
        this.#point(asked),
        this.#aside(),
        this.#question(0.35),
      );
    }
    const concedes = this.#dice('concede') < 0.2;
    const reaction = this.#say(concedes ? script.concessions : script.rebuttals);
    const onSame = claimed && !concedes && !this.#said.includes(claimed[this.#side]);
    const bridge = onSame ? '' : this.#say(concedes ? script.butStill : script.turns);
    return this.#compose(
      reaction,
      first,
      bridge,
      this.#point(onSame ? claimed : this.#fresh()),
      this.#aside(),
      this.#question(0.75),
    );
  }

  #farewell(): string {
    this.#leaving = true;
    const keepsake = this.#last ? this.#say(script.keepsakes) : '';
    return this.#compose(this.#say(script.lastWords[this.#side]), keepsake, this.#say(script.farewells));
  }

  /** Sometimes a remark on its role or on the topic. */
  #aside(): string {
    const dice = this.#dice('aside');
    if (dice < 0.12) return this.#role();
    return dice < 0.22 && this.#topic.length <= 80 ? this.#sayOnce(script.reminders) : '';
  }

  #role(): string {
    return roleOf(this.#context.persona) ? this.#sayOnce(script.roleLines) : '';
  }

  /** A variant that no member has used, or an empty text. */
  #sayOnce(variants: readonly string[]): string {
    return this.#say(variants.filter((one) => !this.#said.includes(longestFixedPart(one))));
  }

  #question(chance: number): string {
    if (this.#dice('question') >= chance) return '';
    const other = this.#side === 'pro' ? 'con' : 'pro';
    const { ask } = this.#leastTouched((aspect) => [aspect.ask, aspect[other]]);
    return `${this.#say(script.questions)} ${ask}`;
  }

  /** A sentence for the own side of the aspect; for the other side when the own one was said just before. */
  #point(aspect: Aspect): string {
    this.#touched.add(aspect);
    const other: Side = this.#side === 'pro' ? 'con' : 'pro';
    const worn = this.#said.includes(aspect[this.#side]) && !this.#said.includes(aspect[other]);
    return aspect[worn ? other : this.#side];
  }

  /** Of the aspects on which the own side has been silent longest, the one that was discussed least. */
  #fresh(): Aspect {
    return this.#leastTouched((aspect) => [aspect[this.#side]]);
  }

  #leastTouched(sentences: (aspect: Aspect) => readonly string[]): Aspect {
    const lastUse = (texts: readonly string[]) =>
      Math.max(...texts.map((text) => this.#said.lastIndexOf(text)));
    const rank = (aspect: Aspect) =>
      lastUse(sentences(aspect)) * 1_000_000 + lastUse([aspect.pro, aspect.con, aspect.ask]);
    const untouched = script.aspects.filter((one) => !this.#touched.has(one));
    return this.#first(untouched, rank, ({ ask }) => ask);
  }

  #isFirst(): boolean {
    return !this.#context.lines.some((line) => line.kind === 'said' && line.from === this.#context.self);
  }

  /** The least recently used variant, with its slots filled. */
  #say(variants: readonly string[]): string {
    if (variants.length === 0) return '';
    const quote = variants.some((one) => one.includes('{quote}')) ? this.#quote() : undefined;
    const usable = quote === undefined ? variants.filter((one) => !one.includes('{quote}')) : variants;
    const chosen = this.#least(usable.length > 0 ? usable : script.acknowledgements, longestFixedPart);
    const text = chosen
      .replaceAll('{name}', this.#addressee())
      .replaceAll('{topic}', this.#topic)
      .replaceAll('{role}', roleOf(this.#context.persona) ?? '')
      .replaceAll('{quote}', quote ?? '');
    return text.replace(/^“\p{Ll}/u, (start) => start.toUpperCase());
  }

  /** A quotation of the last message of another member; in a goodbye, of any message. */
  #quote(): string | undefined {
    const { lines, self } = this.#context;
    const heard = lines.filter((line): line is SaidLine => line.kind === 'said' && line.from !== self);
    const text = (this.#leaving ? heard.slice(-memory, -1) : heard.slice(-1))
      .map((line) => line.text)
      .join('\n');
    const claims = script.aspects.flatMap(({ pro, con }) => [pro, con]).filter((one) => text.includes(one));
    return pickQuote(claims.join('\n') || text, this.#said, (clause) => fnv1a(`${this.#seed}|${clause}`));
  }

  #addressee(): string {
    const { members, self, left } = this.#context;
    return this.#last?.from ?? members.find((name) => name !== self && !left.includes(name)) ?? 'friend';
  }

  #least(variants: readonly string[], mark: (variant: string) => string): string {
    return this.#first(variants, (variant) => this.#said.lastIndexOf(mark(variant)), mark);
  }

  #first<T>(items: readonly T[], lastUse: (item: T) => number, mark: (item: T) => string): T {
    const ranked = items.map((item) => ({
      item,
      used: lastUse(item),
      shuffle: fnv1a(`${this.#seed}|${mark(item)}`),
    }));
    ranked.sort((a, b) => a.used - b.used || a.shuffle - b.shuffle);
    return ranked[0]!.item;
  }

  #dice(about: string): number {
    const { self, turn } = this.#context;
    return fnv1a(`${about}|${this.#seed}|${self}|${turn}|${this.#last?.text ?? ''}`) / 2 ** 32;
  }

  #compose(...sentences: string[]): string {
    return sentences.filter((sentence) => sentence !== '').join(' ');
  }
}

/** The part of a variant by which its use is found in a text. */
const longestFixedPart = (variant: string): string =>
  variant.split(/\{\w+\}/).reduce((longest, part) => (part.length > longest.length ? part : longest), '');

/** The whole sentences that fit, at least one. */
const shortened = (text: string, maxTokens: number | undefined): string => {
  if (maxTokens === undefined || estimateTokens(text) <= maxTokens) return text;
  const sentences = text.split(/(?<=[.!?:”]) /);
  while (sentences.length > 1 && estimateTokens(sentences.join(' ')) > maxTokens) sentences.pop();
  return sentences.join(' ');
};

/** The next message for the context, by the script. */
export const rehearse = (context: TurnContext, seed: number, maxTokens?: number): string => {
  const closing = gesture(context, seed);
  const available = maxTokens === undefined ? undefined : maxTokens - estimateTokens(closing);
  return shortened(new Speaker(context, seed).line(), available) + closing;
};

/** Without a seed every conversation has its own. Another model name gives another sequence of messages, too. */
const seedFor = ({ seed, conversation, model }: TurnContext, own: number | undefined): number => {
  const chosen = own ?? seed ?? fnv1a(conversation);
  return model === undefined ? chosen : fnv1a(`${chosen}|${model}`);
};

const reply = (
  { purpose, messages, maxOutputTokens }: ModelRequest,
  context: TurnContext,
  own: number | undefined,
): string => {
  const seed = seedFor(context, own);
  switch (purpose) {
    case 'message':
      return rehearse(context, seed, maxOutputTokens);
    case 'bid':
      return String(rehearsedBid(context, seed));
    case 'summary':
      return rehearsedSummary(messages.at(-1)?.content ?? '', context);
  }
};

/**
 * A stand-in for a language model that needs no key and no network: for each turn a model that answers the context from a
 * built-in script, the same for the same seed and messages.
 */
export const makeRehearsal = ({ seed, delayMs }: RehearsalSettings): ModelSource => {
  const identity = { provider: 'rehearsal', name: 'rehearsal' };
  const modelFor = (context: TurnContext): Model => ({
    ...identity,
    async reply(request) {
      const { messages, signal, onText } = request;
      const text = reply(request, context, seed);
      const words = text.split(/(?<= )/);
      for (const word of words) {
        if (delayMs > 0) await sleepUntilAborted(delayMs / words.length, signal);
        if (signal.aborted) return aborted(signal);
        onText?.(word);
      }
      const inputTokens = messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
      const usage = { inputTokens, outputTokens: estimateTokens(text), model: 'rehearsal', estimated: true };
      return { kind: 'text', text, usage, finish: 'stop' };
    },
  });
  return { ...identity, modelFor };
};
