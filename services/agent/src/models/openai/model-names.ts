import { bounds } from './chat-body.ts';
import { parseLenient } from './chat-values.ts';
import type { Exchange } from './connection/http-exchange.ts';

/** The list only improves an error message, so a slow server is not waited for. */
const patienceMs = 3_000;

/** The models that a server lists; undefined when it lists none. */
export const modelNames = async (
  exchange: Exchange,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string[] | undefined> => {
  try {
    const answer = await exchange({
      url,
      method: 'GET',
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    });
    const pieces: Uint8Array[] = [];
    let total = 0;
    for await (const bytes of answer.body) {
      pieces.push(bytes);
      total += bytes.length;
      if (total > bounds.event) break;
    }
    answer.close();
    if (answer.status !== 200 || total > bounds.event) return undefined;
    const { data } = (parseLenient(Buffer.concat(pieces).toString())?.value ?? {}) as { data?: unknown };
    if (!Array.isArray(data)) return undefined;
    return data.flatMap((one: { id?: unknown } | null) => (typeof one?.id === 'string' ? [one.id] : []));
  } catch {
    return undefined;
  }
};
