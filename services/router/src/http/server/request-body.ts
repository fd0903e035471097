import type { IncomingMessage } from 'node:http';
import { maxFrameBytes } from '@parley/protocol';

export type Body =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'too-large' }
  /** All bodies that are being read are too large together. */
  | { readonly kind: 'busy' };

/** The maximum number of bytes of all bodies that are being read. */
const maxTogether = 32 * 1024 * 1024;

/** Reads bodies of requests. The size of each body is bounded, and so is the sum of all bodies that are being read. */
export class RequestBodies {
  #together = 0;

  /** Rejects when the connection closes before the body is complete. */
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
      // The rest of the body is discarded, so that the peer can receive the response. The request timeout of the server bounds
      // this.
      request.removeAllListeners('data').resume();
    };
    return promise.finally(done);
  }
}
