import type { Outbound } from '@writ/outbound';
import type { Approver } from '../pipeline/approver.ts';

/** How Slack's buttons come back. */
export interface SlackInteractions {
  readonly signingSecret: string;
  /** People by their ids in Slack; whoever is not here decides nothing. */
  readonly people: ReadonlyMap<string, Approver>;
  /** Tells a person why their button did nothing. */
  readonly outbound: Pick<Outbound, 'fetch'>;
  /** Where such answers may be sent. Default `https://hooks.slack.com`. */
  readonly responseOrigin?: string;
}
