import { wsFrame } from '../harness/raw-peer.ts';
import { type Case, closingCase, type Dialect, faultCase } from './case.ts';

const dialects: readonly Dialect[] = ['plain', 'v1'];
const protocolError = [1002];

/** Sequences that are no UTF-8 (RFC 3629): each must end the connection with 1007. */
const badUtf8 = [
  '80',
  'bf',
  'c0',
  'c080',
  'c1bf',
  'c2',
  'c220',
  'e08080',
  'e0a0',
  'eda080',
  'edbfbf',
  'f0808080',
  'f08fbfbf',
  'f4908080',
  'f5808080',
  'f8888080',
  'fc8480808080',
  'fe',
  'ff',
  'ffff',
  'e282',
  '61ff62',
  'eda0bdedb880',
];

const badCloses = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
const closing = (code: number, reason: Buffer = Buffer.alloc(0)) => {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return wsFrame(Buffer.concat([payload, reason]), { opcode: 8 });
};

const frameFaults: readonly (readonly [string, () => readonly Buffer[], readonly number[]])[] = [
  ['a frame without a mask', () => [wsFrame('{}', { mask: false })], protocolError],
  ['an empty frame without a mask', () => [wsFrame('', { mask: false })], protocolError],
  ['a ping without a mask', () => [wsFrame('', { opcode: 9, mask: false })], protocolError],
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (rsv) => [`reserved bits ${rsv}`, () => [wsFrame('{}', { rsv })], protocolError] as const,
  ),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode) => [`opcode ${opcode}`, () => [wsFrame('{}', { opcode })], protocolError] as const,
  ),
  ...[8, 9, 10].flatMap((opcode) => [
    [
      `control frame ${opcode} in fragments`,
      () => [wsFrame('', { opcode, fin: false })],
      protocolError,
    ] as const,
    [
      `control frame ${opcode} of 126 bytes`,
      () => [wsFrame(Buffer.alloc(126, 97), { opcode })],
      protocolError,
    ] as const,
    [
      `control frame ${opcode} with reserved bits`,
      () => [wsFrame('', { opcode, rsv: 4 })],
      protocolError,
    ] as const,
  ]),
  ['a close of one byte', () => [wsFrame('x', { opcode: 8 })], protocolError],
  ...badCloses.map((code) => [`close code ${code}`, () => [closing(code)], protocolError] as const),
  ['a close reason that is no UTF-8', () => [closing(1000, Buffer.from('ff', 'hex'))], [1007]],
  ['a continuation of nothing', () => [wsFrame('{}', { opcode: 0 })], protocolError],
  ['an empty continuation of nothing', () => [wsFrame('', { opcode: 0, fin: false })], protocolError],
  ['a new text inside a text', () => [wsFrame('{', { fin: false }), wsFrame('}')], protocolError],
  [
    'a binary inside a text',
    () => [wsFrame('{', { fin: false }), wsFrame('}', { opcode: 2 })],
    protocolError,
  ],
  ['a binary frame', () => [wsFrame('{}', { opcode: 2 })], [1003]],
  ['an empty binary frame', () => [wsFrame('', { opcode: 2 })], [1003]],
  [
    'a binary frame in fragments',
    () => [wsFrame('{', { opcode: 2, fin: false }), wsFrame('}', { opcode: 0 })],
    [1003],
  ],
  ...[1_048_577n, 16_777_216n, 4_294_967_295n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n].map(
    (length) =>
      [`an announced length of ${length}`, () => [wsFrame('{}', { length })], [1002, 1009]] as const,
  ),
  [
    '2 MiB in fragments',
    () =>
      Array.from({ length: 32 }, (_, i) =>
        wsFrame(Buffer.alloc(65_536, 97), { opcode: i ? 0 : 1, fin: i === 31 }),
      ),
    [1009],
  ],
  [
    '100,000 empty fragments',
    () => Array.from({ length: 100_000 }, (_, i) => wsFrame('', { opcode: i ? 0 : 1, fin: false })),
    [1008],
  ],
  [
    '100,000 fragments of a byte',
    () => Array.from({ length: 100_000 }, (_, i) => wsFrame(' ', { opcode: i ? 0 : 1, fin: false })),
    [1008],
  ],
];

const ping = '{"type":"ping"}';
const inPieces =
  (size: number, between: readonly Buffer[] = []) =>
  (payload: string) => {
    const bytes = Buffer.from(payload);
    const count = Math.max(1, Math.ceil(bytes.length / size));
    return Array.from({ length: count }, (_, i) => i).flatMap((i) => [
      wsFrame(bytes.subarray(i * size, (i + 1) * size), { opcode: i ? 0 : 1, fin: i === count - 1 }),
      ...(i < count - 1 ? between : []),
    ]);
  };

/** Odd but lawful: nothing is lost and nothing breaks. */
const lawful: readonly (readonly [
  string,
  string,
  string | undefined,
  (payload: string) => readonly Buffer[],
])[] = [
  ['a ping in fragments of a byte', ping, undefined, inPieces(1)],
  ['a ping between empty fragments', ping, undefined, inPieces(1, [wsFrame('', { opcode: 0, fin: false })])],
  [
    'control frames between fragments',
    ping,
    undefined,
    inPieces(3, [wsFrame('x', { opcode: 9 }), wsFrame('', { opcode: 10 })]),
  ],
  [
    '101 empty fragments and nothing else',
    '',
    'bad-frame',
    () => Array.from({ length: 101 }, (_, i) => wsFrame('', { opcode: i ? 0 : 1, fin: i === 100 })),
  ],
  [
    'a length in more bytes than it needs (16)',
    ping,
    undefined,
    (payload) => [wsFrame(payload, { wide: 16 })],
  ],
  [
    'a length in more bytes than it needs (64)',
    ping,
    undefined,
    (payload) => [wsFrame(payload, { wide: 64 })],
  ],
  ['UTF-8 cut in the middle of a character', '{"type":"ping","x":"\u{1f600}é"}', undefined, inPieces(1)],
  [
    '50 pings',
    ping,
    undefined,
    (payload) => [...Array.from({ length: 50 }, (_, i) => wsFrame(`${i}`, { opcode: 9 })), wsFrame(payload)],
  ],
  [
    'pongs without a ping',
    ping,
    undefined,
    (payload) => [
      ...Array.from({ length: 50 }, () => wsFrame('delivered', { opcode: 10 })),
      wsFrame(payload),
    ],
  ],
  ['a frame of 1 MiB', 'x'.repeat(1_048_576), 'too-large', (payload) => [wsFrame(payload)]],
];

export const frameCases: readonly Case[] = dialects.flatMap((dialect) => [
  ...frameFaults.map(([title, frames, codes]) => closingCase(title, frames, codes, dialect)),
  ...badUtf8.map((hex) =>
    closingCase(`bytes ${hex} in a text`, () => [wsFrame(Buffer.from(hex, 'hex'))], [1007], dialect),
  ),
  ...lawful.map(([title, payload, code, fragments]) => faultCase(title, payload, code, dialect, fragments)),
]);
