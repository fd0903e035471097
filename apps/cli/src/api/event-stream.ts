import type { ReadableStream } from 'node:stream/web';
import { TextDecoderStream } from 'node:stream/web';
import type { EventData } from '@parley/protocol';
import { EventSourceParserStream } from 'eventsource-parser/stream';

/** An event of the router. `position`: the position of an entry in the ledger. */
export type RouterEvent =
  | ({ readonly kind: 'entry'; readonly position: number } & EventData<'entry'>)
  | ({ readonly kind: 'chunk' } & EventData<'chunk'>)
  /** A name has connected or disconnected. */
  | { readonly kind: 'agents' };

/** The events of a response to `GET /v1/events`. Types that this version does not know are left out. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<RouterEvent, void> {
  const events = body.pipeThrough(new TextDecoderStream('utf-8')).pipeThrough(new EventSourceParserStream());
  for await (const { id, event, data } of events) {
    if (event === 'entry') yield { kind: 'entry', position: Number(id), ...JSON.parse(data) };
    else if (event === 'chunk') yield { kind: 'chunk', ...JSON.parse(data) };
    else if (event === 'agents') yield { kind: 'agents' };
  }
}
