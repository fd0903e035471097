import type { IncomingMessage } from 'node:http';
import { maxFrameBytes } from '@parley/protocol';

export type Body =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'too-large' }
  /** The bodies that are read at the moment are too large together. */
  | { readonly kind: 'busy' };

/** Bytes that the bodies of all requests under way may hold together. */
const maxTogether = 32 * 1024 * 1024;

/** Reads bodies of requests: each of them is bounded, and all of them together. */
export class RequestBodies {
  #together = 0;

  /** Rejects when the peer goes away in the middle of it. */
  read(request: IncomingMessage): Promise<Body> {
    const { promise, resolve, reject } = Promise.withResolvers<Body>();
    const parts: Buffer[] = [];
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      this.#together += part.length;
      if (size > maxFrameBytes) resolve({ kind: 'too-large' });
      else if (this.#together > maxTogether) resolve({ kind: 'busy' });
      else parts.push(part);
    });
    request.once('end', () => resolve({ kind: 'read', text: Buffer.concat(parts).toString('utf8') }));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the peer went away')));
    const done = () => {
      this.#together -= size;
      size = 0;
      parts.length = 0;
      // What still comes is thrown away, so that the answer arrives; the server ends a request that takes too long.
      request.removeAllListeners('data').resume();
    };
    return promise.finally(done);
  }
}
