import { ACTION_TYPES, type Decision, type DecisionRequest, type Json } from '../contract.ts';
import type { Profile } from './profile.ts';
import { reading } from './reading.ts';

/** The contract's own shape: the request as it is, answered with the decision as it is. */
export const writV1: Profile = Object.freeze({
  name: 'writ/v1',
  types: ACTION_TYPES,
  toInput: (request: DecisionRequest): Json => request as unknown as Json,
  fromInput: (input: Json) => reading(() => ({ request: input })),
  toAnswer: (decision: Decision): Json => decision as unknown as Json,
});
