/** Characters of a short text. In UTF-8 its frame is smaller than the pool from which Node makes small buffers. */
export const maxShortText = 1_000;

/** FIN and the opcode of a text frame (RFC 6455 5.2). A server does not mask. */
const finalText = 0x81;
/** From this length on, the length takes two more bytes. */
const longLength = 126;

/**
 * A whole text frame in one buffer. `ws` hands a header and a text to the socket one after the other, and both wait there with
 * their encodings and callbacks: for short frames that costs more than all else that is done to send them.
 */
export const shortTextFrame = (text: string): Buffer => {
  const length = Buffer.byteLength(text);
  const header = length < longLength ? 2 : 4;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = finalText;
  if (header === 2) frame[1] = length;
  else {
    frame[1] = longLength;
    frame[2] = length >> 8;
    frame[3] = length & 0xff;
  }
  frame.write(text, header);
  return frame;
};
