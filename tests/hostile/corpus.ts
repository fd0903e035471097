import type { Case } from './case.ts';
import { fieldCases } from './field-cases.ts';
import { frameCases } from './frame-cases.ts';
import { httpCases } from './http-cases.ts';
import { payloadCases } from './payload-cases.ts';
import { slowCases } from './slow-cases.ts';

/** Everything that a peer can do wrong by itself. */
export const quickCases: readonly Case[] = [...httpCases, ...frameCases, ...payloadCases, ...fieldCases];
export { slowCases };
