import { parseLenient } from './chat-values.ts';
import { waitInWords, waitOf } from './connection/waits.ts';

/** The description of an error by a server. All of it is untrusted. */
export interface ServerWords {
  /** One line of text, at most `longest` characters; empty when the server sent no text. */
  readonly text: string;
  /** Codes, types and names of statuses. They are used for decisions and shown after the text. */
  readonly codes: readonly string[];
  /** A code that means the same as an HTTP status. */
  readonly status: number | undefined;
  /** The parameter that the error names. */
  readonly param: string | undefined;
  readonly waitMs: number | undefined;
  /** The time until the model is loaded, according to the server. */
  readonly loadingMs: number | undefined;
  readonly contextTokens: number | undefined;
}

const longest = 2_000;
type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

const oneLine = (text: string): string =>
  text
    .slice(0, 4 * longest)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, longest);

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: ' ',
  '#39': "'",
};
const plain = (html: string): string =>
  oneLine(
    html.replace(/<[^<>]*>/g, ' ').replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name) => entities[name]!),
  );

/** The title and the beginning of the text of an HTML page. */
export const pageText = (html: string): string => {
  const page = html.slice(0, 65_536);
  const title = plain(/<title[^>]*>([^<]*)/i.exec(page)?.[1] ?? '');
  const body = page
    .replace(/<(script|style|head|title)\b[\s\S]*?(?:<\/\1>|$)/gi, ' ')
    .replace(/<!--[\s\S]*?(?:-->|$)/g, ' ');
  const text = plain(body).slice(0, 160);
  if (title === '' || text === '' || text.includes(title)) return text || title;
  return `${title}: ${text}`;
};

export const isPage = (text: string): boolean => /^\s*<(?:!doctype|html|head|body|!--)/i.test(text);

const parsed = (text: string): unknown => parseLenient(text)?.value;

/** The form of FastAPI and Pydantic: a list of problems of the request. */
const listed = (value: unknown): string =>
  Array.isArray(value)
    ? value
        .slice(0, 5)
        .map((one) => {
          const { msg, message, loc } = fieldsOf(one) ?? {};
          const place = Array.isArray(loc) ? `${loc.join('.')}: ` : '';
          const words = [one, msg, message].find((word) => typeof word === 'string');
          return `${place}${words ?? ''}`;
        })
        .join('; ')
    : '';

const messageIn = (value: unknown): string => {
  if (typeof value === 'string') return isPage(value) ? pageText(value) : value;
  if (Array.isArray(value)) return listed(value);
  const fields = fieldsOf(value);
  if (!fields) return '';
  const names = ['message', 'msg', 'status_msg', 'detail', 'error_description', 'error', 'title', 'reason'];
  const nested = names
    .map((name) => fields[name])
    .find((one) => one !== undefined && one !== null && one !== '');
  return nested === undefined || nested === value
    ? ''
    : typeof nested === 'object'
      ? shallow(nested)
      : messageIn(nested);
};

/** Reads one more level only, because a body may be nested very deep. */
const shallow = (value: unknown): string => {
  const { message, msg, detail } = fieldsOf(value) ?? {};
  const first = [message, msg, detail].find((one): one is string => typeof one === 'string');
  return first ?? listed(value);
};

/** The error of the provider behind a gateway. */
const rawOf = (value: unknown): string => {
  if (typeof value !== 'string') return value === undefined ? '' : messageIn(value);
  return messageIn(parsed(value) ?? value) || value;
};

const statusOf = (values: readonly unknown[]): number | undefined => {
  for (const value of values) {
    const number = typeof value === 'string' && /^\d{3}$/.test(value.trim()) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 400 && number < 600)
      return number;
  }
  return undefined;
};

const contextSize =
  /(?:(?:maximum|max(?:imum)?[_ ]model|model'?s)[_ ](?:context[_ ])?(?:length|window|len)|context[_ ](?:length|window|size)|n_ctx|max_model_len|max_seq_len|token limit|maximum number of tokens(?: allowed)?|maximum prompt length|max_new_tokens`? must be|must have less|prompt cannot exceed)[^\d\n]{0,40}?\(?(\d[\d,_]{1,11})|(?:tokens?|context limit)[^>\n]{0,40}>\s*(\d[\d,_]{1,11})(?:\s*(?:maximum|max|limit)|,)|\b(\d[\d,_]{1,11}) maximum context length|\bLimit[: ]{1,2}(\d[\d,_]{1,11}),?\s*Requested/i;

const sizeIn = (text: string): number | undefined => {
  const found = contextSize.exec(text);
  const size = Number((found?.slice(1).find((one) => one !== undefined) ?? '').replace(/[,_]/g, ''));
  return Number.isInteger(size) && size >= 16 ? size : undefined;
};

const positive = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 16 ? value : undefined;

/** Reads an error in any form: text, an HTML page, the body of an error response, the `error` of a chunk. */
export const wordsOf = (given: unknown): ServerWords => {
  const value = typeof given === 'string' ? (parsed(given) ?? given) : given;
  const outer = fieldsOf(Array.isArray(value) ? value[0] : value);
  const error = outer?.error ?? outer ?? value;
  const inner = fieldsOf(error) ?? {};
  const metadata = fieldsOf(inner.metadata) ?? {};
  const details = (Array.isArray(inner.details) ? inner.details.slice(0, 20) : []).map(fieldsOf);
  const said = messageIn(error) || messageIn(value);
  const raw = rawOf(metadata.raw);
  const reasons = Array.isArray(metadata.reasons)
    ? ` (${metadata.reasons.slice(0, 5).map(String).join(', ')})`
    : '';
  const text = oneLine(raw === '' || said.includes(raw) ? `${said}${reasons}` : `${said}${reasons}: ${raw}`);
  const named = [inner.code, inner.type, inner.status, outer?.code, outer?.type];
  const codes = named
    .filter((code) => (typeof code === 'string' && code.trim() !== '') || typeof code === 'number')
    .map((code) => oneLine(String(code)).slice(0, 60));
  const retryDelay = details.map((detail) => waitOf(detail?.retryDelay)).find((ms) => ms !== undefined);
  return {
    text,
    codes: [...new Set(codes)],
    status: statusOf([
      ...[inner.code, inner.status, inner.status_code, inner.statusCode, inner.http_code],
      ...[outer?.code, outer?.status, outer?.status_code, outer?.statusCode],
      metadata.code,
    ]),
    param: typeof inner.param === 'string' ? inner.param : undefined,
    waitMs: retryDelay ?? waitOf(inner.retry_after ?? outer?.retry_after) ?? waitInWords(text),
    loadingMs: waitOf(outer?.estimated_time ?? inner.estimated_time),
    contextTokens: positive(inner.n_ctx) ?? positive(outer?.n_ctx) ?? sizeIn(text),
  };
};
