/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events as the HTML standard defines them; comments and retry hints are left out. */
export async function* readEventStream(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent, void> {
  const decoder = new TextDecoder();
  let rest = '';
  let fields = new Map<string, string[]>();
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a line break: it waits for the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() as string;
    for (const line of lines) {
      if (line !== '') {
        const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
        fields.set(name, [...(fields.get(name) ?? []), value]);
        continue;
      }
      const data = fields.get('data');
      if (data) {
        const event = fields.get('event')?.at(-1) || 'message';
        yield { id: fields.get('id')?.at(-1), event, data: data.join('\n') };
      }
      fields = new Map();
    }
  }
}
