import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';

const endOfReply = '[DONE]';
/** A server that does not end its answer behind the reply loses the connection after this. */
const endMs = 1_000;

/** A server that fails in mid-stream says so in an event, for the status has been sent; it is thrown as it stands. */
const chunkOf = ({ event, data }: EventSourceMessage): ChatCompletionChunk => {
  const chunk = JSON.parse(data);
  if (event === 'error' || chunk?.error) throw chunk?.error ?? chunk;
  return chunk;
};

/**
 * Hands on each chunk of a streamed reply, all that one piece of the body holds in one go: the SDK's own reader
 * awaits every line of every event, which costs more than the rest of a turn. Resolves at the end of the reply or of
 * the body, whichever comes first, or when the signal is aborted; rejects when the stream breaks, is not JSON
 * or brings an error.
 */
export const readChatStream = async (
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onChunk: (chunk: ChatCompletionChunk) => void,
): Promise<void> => {
  const reader = body.getReader();
  const text = new TextDecoder();
  let complete = false;
  const parser = createParser({
    onEvent(event) {
      if (event.data === endOfReply) complete = true;
      else if (!complete) onChunk(chunkOf(event));
    },
  });
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    while (!complete && !signal.aborted) {
      const { done, value } = await reader.read();
      if (done) {
        // Some servers leave out the blank line behind their last event.
        parser.feed('\n\n');
        return;
      }
      parser.feed(text.decode(value, { stream: true }));
    }
    // A body that is read to its end leaves its connection to the next request.
    const late = setTimeout(cancel, endMs).unref();
    reader
      .read()
      .then(({ done }) => done || cancel(), cancel)
      .finally(() => clearTimeout(late));
  } catch (error) {
    cancel();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};
