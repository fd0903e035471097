/**
 * Names of span attributes: the one place in which they are chosen. Those with `gen_ai.` are OpenTelemetry's GenAI conventions,
 * release v0.1.0 (status: Development), so that a rename there is a change of this file.
 */
export const genAi = {
  operation: 'gen_ai.operation.name',
  conversation: 'gen_ai.conversation.id',
  agent: 'gen_ai.agent.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  seed: 'gen_ai.request.seed',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  systemInstructions: 'gen_ai.system_instructions',
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
} as const;

/** Values of `gen_ai.operation.name`. */
export const genAiOperations = {
  turn: 'invoke_workflow',
  agent: 'invoke_agent',
  call: 'chat',
} as const;

/** Names of other conventions, and Parley's own. */
export const spanNames = {
  /** Read by Langfuse and by Phoenix, which show a conversation as one session. */
  session: 'session.id',
  /** Read by Phoenix, which derives it from the GenAI names for agents and calls only. */
  kind: 'openinference.span.kind',
  errorType: 'error.type',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  member: 'parley.member',
  policy: 'parley.policy',
  turn: 'parley.turn.number',
  attempt: 'parley.turn.attempt',
  wanted: 'parley.turn.wanted',
  outcome: 'parley.turn.outcome',
  entry: 'parley.entry.seq',
  entries: 'parley.ledger.entries',
  ending: 'parley.ending.reason',
  waitMs: 'parley.grant.wait_ms',
  lapseCause: 'parley.lapse.cause',
  purpose: 'parley.call.purpose',
  isEstimated: 'parley.usage.estimated',
} as const;
