import { isDeeperThan, type Usage } from '@parley/protocol';

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The content of one chunk of a stream, or of one answer that is not streamed. */
export interface ChatPart {
  readonly text: string;
  /** Whether the text is the whole reply so far and not only the next piece. */
  readonly whole: boolean;
  readonly reasoning: string;
  /** The field in which the server sends reasoning. */
  readonly reasoningField: string | undefined;
  readonly finish: string | undefined;
  readonly usage: Counts | undefined;
  readonly servedBy: string | undefined;
  readonly fingerprint: string | undefined;
  /** An error instead of a reply or beside it. */
  readonly error: unknown;
  readonly hasChoices: boolean;
  readonly isChat: boolean;
}
export type Counts = Pick<Usage, 'inputTokens' | 'outputTokens'> & { readonly cachedTokens?: number };

const mostParts = 10_000;
const isText = /^(?:output_|input_)?text(?:_delta)?$/;
const isThought = (type: string): boolean => /think|thought|reason/i.test(type);

/**
 * Reads content that is a text, one part or a list of parts. Text parts are the reply, thinking parts are reasoning, others are
 * ignored.
 */
const contentOf = (content: unknown): { text: string; reasoning: string } => {
  if (typeof content === 'string') return { text: content, reasoning: '' };
  const parts = Array.isArray(content) ? content.slice(0, mostParts) : [content];
  let text = '';
  let reasoning = '';
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    const { type, text: own, content: inside, refusal, thinking, summary } = fieldsOf(part) ?? {};
    const kind = textOf(type);
    const words = textOf(own) || textOf(fieldsOf(own)?.value) || textOf(inside);
    if (isThought(kind)) reasoning += textOf(thinking) || words || partTexts(thinking ?? summary);
    else if (kind === '' || isText.test(kind)) text += words;
    else if (kind === 'refusal') text += textOf(refusal);
  }
  return { text, reasoning };
};

const partTexts = (value: unknown): string =>
  Array.isArray(value)
    ? value
        .slice(0, mostParts)
        .map((part) => textOf(part) || textOf(fieldsOf(part)?.text))
        .join('')
    : '';

const reasoningFields = ['reasoning_content', 'reasoning', 'thinking', 'reasoning_text'] as const;

const reasoningOf = (message: Fields): { reasoning: string; field: string | undefined } => {
  for (const field of reasoningFields) {
    const value = message[field];
    const reasoning = textOf(value) || textOf(fieldsOf(value)?.content) || textOf(fieldsOf(value)?.text);
    if (reasoning !== '') return { reasoning, field };
  }
  const details = partTexts(message.reasoning_details);
  return { reasoning: details, field: details === '' ? undefined : 'reasoning_details' };
};

const count = (fields: Fields, names: readonly string[]): number | undefined => {
  for (const name of names) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
  }
  return undefined;
};

const inputNames = [
  ...['prompt_tokens', 'input_tokens', 'promptTokens', 'inputTokens'],
  // Ollama, Gemini, Bedrock.
  ...['prompt_eval_count', 'promptTokenCount', 'inputTokenCount'],
];
const outputNames = [
  ...['completion_tokens', 'output_tokens', 'completionTokens', 'outputTokens'],
  ...['eval_count', 'candidatesTokenCount', 'outputTokenCount'],
];

/** The two token counts under the names that servers use; undefined unless both are whole numbers of 0 or more. */
const countsOf = (usage: unknown): Counts | undefined => {
  const fields = fieldsOf(usage);
  if (!fields) return undefined;
  const inputTokens = count(fields, inputNames);
  const total = count(fields, ['total_tokens', 'totalTokens', 'totalTokenCount']);
  const outputTokens =
    count(fields, outputNames) ??
    (outputNames.every((name) => fields[name] === undefined) &&
    total !== undefined &&
    inputTokens !== undefined
      ? total - inputTokens
      : undefined);
  if (inputTokens === undefined || outputTokens === undefined || outputTokens < 0) return undefined;
  const details = fieldsOf(fields.prompt_tokens_details) ?? fieldsOf(fields.input_tokens_details) ?? {};
  const cachedTokens =
    count(details, ['cached_tokens']) ??
    count(fields, ['cached_tokens', 'prompt_cache_hit_tokens', 'cache_read_input_tokens']);
  return { inputTokens, outputTokens, ...(cachedTokens !== undefined && { cachedTokens }) };
};

const nothing: ReadonlySet<unknown> = new Set([
  undefined,
  null,
  false,
  '',
  0,
  '0',
  200,
  '200',
  'success',
  'ok',
]);
/** Whether a value says that there is an error. Some servers send an error of code 0 with every reply. */
const meaning = (error: unknown): boolean =>
  typeof error === 'object' && error !== null
    ? Object.values(error).some((value) => !nothing.has(value))
    : !nothing.has(error);

const errorIn = (value: Fields, choice: Fields | undefined): unknown => {
  if (meaning(value.error)) return value;
  if (meaning(choice?.error)) return choice;
  if (value.object === 'error' || value.type === 'error' || value.success === false) return value;
  // MiniMax.
  if (meaning(fieldsOf(value.base_resp)?.status_code)) return value.base_resp;
  if (Array.isArray(value.choices) || value.usage) return undefined;
  const bare = ['message', 'msg', 'detail', 'code', 'status_code', 'errors'];
  return bare.some((name) => meaning(value[name])) ? value : undefined;
};

/** The reasons of other servers, with the name that OpenAI gives them. */
const finishes: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:length|max_?(?:output_|new_)?tokens|model_length|model_context_window_exceeded|token_limit)$/,
    'length',
  ],
  [
    /^(?:content_filter(?:ed)?|safety|prohibited_content|sensitive|blocklist|recitation|refusal)$/,
    'content_filter',
  ],
  [/^(?:error|abort|network_error|insufficient_system_resource|malformed_response)$/, 'error'],
];

const finishOf = (reason: unknown): string | undefined => {
  const told = textOf(reason).trim();
  const name = told.toLowerCase();
  if (name === '' || name === 'null' || name === 'none') return undefined;
  return finishes.find(([names]) => names.test(name))?.[1] ?? told;
};

/** The token counts in any of their places. Ollama has them beside the choices. */
const usageOf = (value: Fields, choice: Fields | undefined): Counts | undefined =>
  countsOf(value.usage) ??
  countsOf(fieldsOf(value.usage)?.tokens) ??
  countsOf(fieldsOf(value.x_groq)?.usage) ??
  countsOf(choice?.usage) ??
  countsOf(value.usageMetadata) ??
  (value.eval_count === undefined ? undefined : countsOf(value));

/** Reads one JSON value of an answer. Accepts any value. */
export const chatPart = (given: unknown): ChatPart => {
  const value = fieldsOf(Array.isArray(given) ? given[0] : given) ?? {};
  const choices = Array.isArray(value.choices) ? value.choices : [];
  const choice = fieldsOf(choices[0]);
  const delta = fieldsOf(choice?.delta);
  const message = fieldsOf(choice?.message);
  const from = delta ?? message ?? {};
  const { text, reasoning } = contentOf(from.content);
  const apart = reasoningOf(from);
  const own = text || textOf(from.refusal) || (delta || message ? '' : textOf(choice?.text));
  return {
    text: own,
    whole: delta === undefined && message !== undefined,
    reasoning: apart.reasoning + reasoning,
    reasoningField: apart.field ?? (reasoning === '' ? undefined : 'content'),
    finish: finishOf(choice?.finish_reason),
    usage: usageOf(value, choice),
    servedBy: textOf(value.model).slice(0, 200) || undefined,
    fingerprint: textOf(value.system_fingerprint).slice(0, 200) || undefined,
    error: errorIn(value, choice),
    hasChoices: choices.length > 0,
    isChat: Array.isArray(value.choices),
  };
};

const notJson = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/**
 * The maximum nesting. Valid answers have less than half of it; deeper values would overflow the stack of recursive functions.
 */
const maxDepth = 64;

/** Parses JSON, also with NaN and Infinity as Python writes them; undefined when it is invalid or nested too deep. */
export const parseLenient = (text: string): { readonly value: unknown } | undefined => {
  if (isDeeperThan(maxDepth, text)) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    try {
      return {
        value: JSON.parse(text.replace(notJson, (found) => (found.startsWith('"') ? found : 'null'))),
      };
    } catch {
      return undefined;
    }
  }
};

/** The end of the JSON object or list that begins at `from`; -1 when it is incomplete. */
const endOf = (text: string, from: number): number => {
  let depth = 0;
  const mark = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;
  mark.lastIndex = from;
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    if (found[0].startsWith('"')) continue;
    depth += found[0] === '{' || found[0] === '[' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return -1;
};

const mostValues = 100_000;

/** The JSON values of a body that has several in a row, also with `data:` before them and `[DONE]` after them. */
export const jsonValues = (body: string): unknown[] => {
  const whole = parseLenient(body);
  if (whole) return [whole.value];
  const values: unknown[] = [];
  const between = /\s*(?:data:\s*)?(?:\[DONE\])?\s*/y;
  let at = 0;
  while (values.length < mostValues) {
    between.lastIndex = at;
    at += between.exec(body)?.[0].length ?? 0;
    if (body[at] !== '{' && body[at] !== '[') return values;
    const end = endOf(body, at);
    const one = end < 0 ? undefined : parseLenient(body.slice(at, end));
    if (!one) return values;
    values.push(one.value);
    at = end;
  }
  return values;
};
