import type { JsonObject } from '@writ/decision';
import type { Incoming } from './ask-decision.ts';

/** One `tools/call`, read strictly. */
export interface IncomingCall extends Incoming {
  readonly name: string;
  readonly args: JsonObject | undefined;
}
