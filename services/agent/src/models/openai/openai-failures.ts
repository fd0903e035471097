import type { IncomingHttpHeaders } from 'node:http';
import { failed, type ModelFailure, type RetryReason } from '../model.ts';
import { waitInHeaders } from './connection/waits.ts';
import type { ServerWords } from './server-words.ts';

/** An error that a server reported: by its status, in the body of a success, or in a stream. */
export interface Refusal {
  readonly source: 'by-status' | 'in-body' | 'in-stream';
  /** The HTTP status. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly words: ServerWords;
  /** The URL of the request, as it may be shown. */
  readonly url: string;
}

const byStatus: ReadonlyMap<number, RetryReason> = new Map([
  [408, 'request-timeout'],
  [409, 'conflict'],
  [425, 'conflict'],
  [429, 'rate-limited'],
  [499, 'request-timeout'],
]);

const tooLong =
  /context[ _]?(?:length|window|size)|maximum context|(?:prompt|input|request) (?:is )?too (?:long|large)|too many (?:input |prompt )?tokens|exceed_context|input token count|max_model_len|maximum prompt length|exceed context limit|tokens?`? \+ `?max_new_tokens|must have less than \d+ tokens|tokens per (?:minute|min)\b.*\brequested\b.*too large|too large for model/i;
const moderation =
  /moderation|flagged|content[ _-]?(?:policy|filter)|safety (?:system|setting|filter|policy)|ResponsibleAI/i;
const spent = /insufficient_quota|insufficient[ _](?:balance|credit|fund)|arrearage|余额不足|欠费/i;
const money = /billing|credit balance|quota/i;
/** Servers of OpenAI answer so, with status 429, to a request that alone is larger than the rate. It never passes. */
const tooLarge = /request too large/i;
const unknownModel =
  /model[_ ]not[_ ]found|NotFoundError|not_found_error|\bmodel\b.{0,120}\b(?:does not exist|not found|not exist|is not (?:available|supported)|unknown)|(?:unknown|invalid|no such) model/i;
const noAccess = /invalid[_ ]api[_ ]key|authentication|unauthori[sz]ed|permission_?denied|incorrect api key/i;
const limited =
  /rate[_ ]?limit|too[_ ]many[_ ]requests|resource_?exhausted|throttl|速率限制|请求(?:过多|频率)/i;
/** A code that says that a limit of a rate was reached, whatever the words say of billing. */
const rateCode = /^rate[_ ]?limit|too[_ ]many[_ ]requests/i;
const broken =
  /overloaded|server[_ ]?error|internal[_ ]?(?:server)?[_ ]?error|api_error|service[_ ]?unavailable|\bunavailable\b|timed?[ _]?out|bad gateway|upstream|\bbusy\b|try again|capacity/i;
const isLoading =
  /\bloading\b|currently loading|is (?:not ready|starting|warming)|warming up|cold[ -]start|being (?:loaded|pulled|downloaded)/i;
const cannotLoad = /(?:fail|error|unable|cannot|can't|could not|couldn't)[^.]{0,40}load|load[^.]{0,30}fail/i;
const invalid = /invalid_request|bad_?request|validation|unsupported|BadRequestError/i;

const statusByCode = ({ words }: Refusal, about: string): number | undefined => {
  if (words.status !== undefined) return words.status;
  if (spent.test(about)) return 402;
  if (noAccess.test(about)) return 401;
  if (unknownModel.test(about)) return 404;
  if (limited.test(about)) return 429;
  if (invalid.test(words.codes.join(' '))) return 400;
  return broken.test(about) ? 503 : undefined;
};

/** `HTTP 403 from http://host/v1/chat/completions: the words of the server (its code)`. */
const detailOf = ({ source, status, words, url }: Refusal): string => {
  const { text, codes } = words;
  const more = codes.filter((code) => code !== String(status) && !text.includes(code)).slice(0, 2);
  const where =
    source === 'by-status'
      ? `HTTP ${status}`
      : source === 'in-body'
        ? `HTTP ${status} with an error`
        : 'an error in the stream';
  const said = text === '' ? 'no reason given' : text.length > 700 ? `${text.slice(0, 700)}…` : text;
  return `${where} from ${url}: ${said}${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
};

/** A refusal as a failure of the model port. `detail` is not yet free of secrets. */
export const failureOf = (refusal: Refusal, now: number): ModelFailure => {
  const { words, headers, source } = refusal;
  const about = `${words.codes.join(' ')} ${words.text}`;
  const status = source === 'by-status' ? refusal.status : statusByCode(refusal, about);
  const detail = detailOf(refusal);
  const afterMs = waitInHeaders(headers, now) ?? words.waitMs;

  if ((status === 403 || status === 400 || status === undefined) && moderation.test(about))
    return failed('model-rejected', detail);
  const mayLoad = status === undefined || status === 404 || status === 425 || status >= 500;
  if (
    mayLoad &&
    !cannotLoad.test(words.text) &&
    (isLoading.test(words.text) || words.loadingMs !== undefined)
  )
    return failed('model-loading', detail, { reason: 'loading', afterMs: words.loadingMs ?? afterMs });
  if (status === 413 || (status === 429 ? tooLarge : tooLong).test(about))
    return { ...failed('context-overflow', detail), contextTokens: words.contextTokens };
  const isRate = words.codes.some((code) => rateCode.test(code));
  const isSpent = spent.test(about) || (afterMs === undefined && !isRate && money.test(about));
  if (status === 402 || ((status === 429 || status === 403 || status === 400) && isSpent))
    return failed('model-quota', detail);
  if (status === 401 || status === 403) return failed('model-unauthorized', detail);
  if (status === 404 || (status === 400 && unknownModel.test(about)))
    return failed('model-not-found', detail);
  const reason = status === undefined ? undefined : byStatus.get(status);
  if (reason)
    return failed(reason === 'rate-limited' ? reason : 'model-unavailable', detail, { reason, afterMs });
  if (status === 501 || status === 505) return failed('model-rejected', detail);
  // An error after a valid beginning is seldom caused by the request.
  if ((status === undefined && source === 'in-stream') || (status !== undefined && status >= 500))
    return failed('model-unavailable', detail, { reason: 'server-error', afterMs });
  return failed('model-rejected', detail);
};

interface Thrown {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}
const thrownOf = (error: unknown): Thrown =>
  (typeof error === 'object' && error !== null ? error : {}) as Thrown;

const certificate = /CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO_(?:GET|VERIFY)/;

/** A failed connection as a failure of the model port, with the URL of the request. `detail` is not yet free of secrets. */
export const connectionFailure = (error: unknown, url: string): ModelFailure => {
  const { code, message, cause, errors } = thrownOf(error);
  const first = thrownOf(Array.isArray(errors) ? errors[0] : cause);
  const name = String(code ?? first.code ?? '');
  const said = String(message || first.message || 'the connection failed')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
  const detail = `${url}: ${said}${name !== '' && !said.includes(name) ? ` (${name})` : ''}`;
  if (certificate.test(name)) return failed('model-rejected', `the certificate is not accepted: ${detail}`);
  if (/EPROTO|ERR_SSL/.test(name))
    return failed('model-rejected', `TLS fails, as with an http server that is asked by https: ${detail}`);
  return failed('model-unavailable', detail, { reason: 'connection' });
};
