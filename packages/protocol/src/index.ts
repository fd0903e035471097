export { type Closing, closings, type ReturnRule, returnRule } from './close-codes.ts';
export { type Decoded, decodeClientFrame, decodePlainFrame, decodeRouterFrame } from './codec.ts';
export { defined, type Loose } from './defined.ts';
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
export { type Branch, type BranchTree, maxBranches } from './http/branches.ts';
export {
  type ControlAction,
  type ControlBody,
  controlBodies,
  defaultShareMinutes,
  maxShareMinutes,
  shareBodies,
} from './http/control.ts';
export { type HttpErrorCode, httpError, httpStatusOf } from './http/errors.ts';
export {
  type Minute,
  maxNeeds,
  maxOverviewText,
  maxTalks,
  type Need,
  type Overview,
  overviewMinutes,
  type Talk,
} from './http/overview.ts';
export type { Route } from './http/route.ts';
export {
  errorStatusesOf,
  maxIdempotencyKey,
  type ResponseBody,
  type RouteName,
  requestPath,
  routes,
} from './http/routes.ts';
export { hearersOf, viewAfter } from './http/view-after.ts';
export {
  type ActionResult,
  type AgentFault,
  type AgentView,
  actionResult,
  agentView,
  type ConversationList,
  type ConversationPage,
  type ConversationView,
  conversationView,
  type EventData,
  eventData,
  type FoundMessage,
  maxExcerpt,
  type NewShare,
  type PromptView,
  type RevokedShare,
  type ShareList,
  type ShareView,
} from './http/views.ts';
export { isDeeperThan, type Parsed, parseJson } from './json.ts';
export * from './limits.ts';
export { callPurposes, type ModelCall, maxPromptBytes } from './model-call.ts';
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
