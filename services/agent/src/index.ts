/** For authors of prompt modules (AGENT_PROMPT_MODULE). */
export type { MakePrompt, PromptInput } from './prompt/prompt.ts';
