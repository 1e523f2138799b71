import type { ActionType, Decision, DecisionRequest, Json, JsonObject } from '../contract.ts';

/** A caller's document read as a request. */
export type FromInput =
  | {
      readonly ok: true;
      readonly request: DecisionRequest;
      /** What the caller said and Writ works out itself (its own argument hash): for the record only. */
      readonly claimed?: JsonObject;
    }
  | { readonly ok: false; readonly problem: string };

/** One input shape: what policies see, how callers that speak it are read, what they are answered. */
export interface Profile {
  readonly name: ProfileName;
  /** The kinds of action that the shape can express; an entrypoint under this profile is asked about no other. */
  readonly types: readonly ActionType[];
  /** The `input` of policies. Takes what the shape has a place for and leaves out the rest. */
  readonly toInput: (request: DecisionRequest) => Json;
  /** The inverse: unknown keys and wrong types are problems, never passed over. */
  readonly fromInput: (input: Json) => FromInput;
  /** The answer that callers of this shape expect. An outcome that it cannot carry is a deny. */
  readonly toAnswer: (decision: Decision) => Json;
}

export const PROFILE_NAMES = [
  'writ/v1',
  'tools/v1',
  'gateway/v1',
  'params/v1',
  'spiffe/v1',
  'envoy/v3',
  'authzen/v1',
] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];
