export { type Closing, closings, type ReturnRule, returnRule } from './close-codes.ts';
export { type Decoded, decodeClientFrame, decodePlainFrame, decodeRouterFrame } from './codec.ts';
export { type ControlAction, type ControlBody, controlBodies } from './control.ts';
export {
  type Entry,
  type EntryOf,
  entry,
  floorAfter,
  type Hearing,
  type Limits,
  limits,
  name,
  type Role,
  type Usage,
} from './entry.ts';
export {
  type ClientFrame,
  clientFrame,
  type Omitted,
  type RouterFrame,
  type RouterFrameOf,
  routerFrame,
} from './frames.ts';
export { isDeeperThan, type Parsed, parseJson } from './json.ts';
export * from './limits.ts';
export { type Mention, mentionsIn, NameIndex, nameFault, normalName } from './name.ts';
export {
  type PlainError,
  type PlainFrame,
  type PlainFrameOf,
  type PlainMessage,
  type PlainRouterFrame,
  plainClientSchema,
  plainRouterFrame,
} from './plain.ts';
export * from './words.ts';
