/**
 * Reads along what a WebSocket server sends: hands on the text frames of one direction of one connection. Server frames
 * are not masked, and ours come in one piece each.
 */
export class FrameTap {
  readonly #onText: (text: string) => void;
  #rest: Buffer = Buffer.alloc(0);
  #handshakeDone = false;

  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  write(part: Buffer): void {
    this.#rest = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    if (!this.#handshakeDone) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end === -1) return;
      this.#handshakeDone = true;
      this.#rest = this.#rest.subarray(end + 4);
    }
    while (this.#frame());
  }

  /** Takes one whole frame off the front; false when there is none yet. */
  #frame(): boolean {
    const bytes = this.#rest;
    if (bytes.length < 2) return false;
    const short = (bytes[1] as number) & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < head) return false;
    const length =
      short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    if (bytes.length < head + length) return false;
    const opcode = (bytes[0] as number) & 0x0f;
    if (opcode === 1) this.#onText(bytes.toString('utf8', head, head + length));
    this.#rest = bytes.subarray(head + length);
    return true;
  }
}
