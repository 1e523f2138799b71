import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '@writ/decision';
import type { Authenticator, Caller } from '@writ/identity';
import type { InFlight } from '../listener/in-flight.ts';
import type { CallContext } from './call-context.ts';
import type { HttpSessions } from './http-sessions.ts';
import type { RequestServer } from './serve-request.ts';
import type { StepRule } from './step-rule.ts';
import type { Turns } from './turns.ts';

/** What a request carries on its way in, as far as it got. */
export interface Passage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Who asks, by verified credentials. */
  readonly caller: Caller;
  /** Gives the place among the caller's requests back early. */
  readonly turn: () => void;
  readonly bytes: Buffer;
  /** One JSON-RPC message, read strictly. */
  readonly message: JsonObject;
  readonly era: 'legacy' | 'modern';
}
export type Carried = keyof Passage;

/** What the steps work with. */
export interface Edge {
  readonly context: CallContext;
  readonly authenticator: Authenticator;
  readonly sessions: HttpSessions;
  readonly requests: RequestServer;
  readonly turns: Turns;
  readonly hosts: readonly string[];
  /** Requests that are not answered yet, streams apart: those end when somebody ends them. */
  readonly answering: InFlight;
  /** True while the gateway waits for what is under way, and takes nothing more. */
  readonly stopping: () => boolean;
}

/** One step of the way in. It sees what it says that it needs, and gives what it says that it adds. */
export interface EdgeStep extends StepRule<Carried> {
  /** Undefined where the request was answered: no further step is taken. */
  run(edge: Edge, passage: Passage): Promise<Partial<Passage> | undefined>;
}

/** A step whose code is held to what the table says of it. */
export function edgeStep<const Needs extends Carried, const Adds extends Carried = never>(
  step: Omit<StepRule<Carried>, 'needs' | 'adds'> & {
    readonly needs: readonly Needs[];
    readonly adds: readonly Adds[];
    readonly run: (
      edge: Edge,
      passage: Pick<Passage, 'request' | 'response' | Needs>,
    ) => Promise<Pick<Passage, Adds> | undefined>;
  },
): EdgeStep {
  return step;
}
