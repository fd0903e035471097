import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '@parley/runtime';
import { lastHeard, type TurnContext } from '../memory/turn-context.ts';
import type { ChatMessage } from '../models/model.ts';
import { buildView, cued } from './view.ts';

/** Makes the messages for the model from the knowledge of the agent. If it throws, the turn is passed. */
export type Prompt = (
  context: TurnContext,
  budgetTokens: number,
  wanted: 'speak' | 'bid',
) => Promise<readonly ChatMessage[]>;

/** The argument of a prompt module. This is a public interface with the names of the documentation. */
export interface PromptInput {
  /** The last message of another member; empty when this agent opens. */
  readonly previousMessage: string;
  /** The messages so far, oldest first, as far back as the agent remembers. */
  readonly history: readonly { readonly from: string; readonly text: string }[];
  /** `persona`: the persona that the conversation gives to this agent. */
  readonly self: { readonly name: string; readonly persona: string | undefined };
  readonly conversation: {
    readonly id: string;
    readonly topic: string | undefined;
    readonly members: readonly string[];
    readonly turn: number;
    readonly remaining: { readonly turns?: number | undefined; readonly ms?: number | undefined };
  };
}
export type MakePrompt = (
  input: PromptInput,
) => string | readonly ChatMessage[] | Promise<string | readonly ChatMessage[]>;

/** The persona itself, or the text of the file that it names. */
export const readPersona = (persona: string | undefined): string | undefined => {
  if (persona === undefined || !existsSync(persona) || !statSync(persona).isFile()) return persona;
  return readFileSync(persona, 'utf8').trim() || undefined;
};

/** The first place of `stack` in the module, as `:line`. */
const lineIn = (stack: string | undefined, url: string): string =>
  new RegExp(`${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(:\\d+)`).exec(stack ?? '')?.[1] ?? '';

const isMessage = (value: unknown): value is ChatMessage => {
  const { role, content } = (value ?? {}) as Partial<ChatMessage>;
  return (
    ['system', 'user', 'assistant'].includes(role ?? '') && typeof content === 'string' && content !== ''
  );
};

const inputOf = (context: TurnContext): PromptInput => ({
  previousMessage: lastHeard(context)?.text ?? '',
  history: context.lines.flatMap((line) =>
    line.kind === 'said' ? [{ from: line.from, text: line.text }] : [],
  ),
  self: { name: context.self, persona: context.persona },
  conversation: {
    id: context.conversation,
    topic: context.topic,
    members: context.members.filter((name) => !context.left.includes(name)),
    turn: context.turn,
    remaining: context.remaining,
  },
});

/** Loads a file of the operator that exports `makePrompt`. Its errors are reported to the operator with the name of the file. */
export const loadPromptModule = async (path: string): Promise<Prompt> => {
  const { href } = pathToFileURL(resolve(path));
  const fault = (what: string) => new ConfigError([`AGENT_PROMPT_MODULE: ${path}${what}`]);
  const module: unknown = await import(href).catch((error: Error) => {
    throw fault(`${lineIn(error.stack, href)} cannot be loaded: ${error.message}`);
  });
  const makePrompt = (module as { makePrompt?: unknown }).makePrompt;
  if (typeof makePrompt !== 'function') throw fault(' does not export a function makePrompt()');
  return async (context) => {
    const made: unknown = await (makePrompt as MakePrompt)(inputOf(context));
    if (typeof made === 'string' && made.trim() !== '') return [{ role: 'user', content: made }];
    if (Array.isArray(made) && made.length > 0 && made.every(isMessage)) return made;
    throw new TypeError('makePrompt() gave neither a text nor messages of { role, content }');
  };
};

export const viewPrompt: Prompt = async (context, budgetTokens, wanted) =>
  wanted === 'bid' ? buildView(context, budgetTokens) : cued(context, budgetTokens);
