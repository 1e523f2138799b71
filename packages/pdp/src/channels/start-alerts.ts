import { randomUUID } from 'node:crypto';
import { pause } from './pause.ts';
import type { ChannelAlert, ChannelSender } from './sender.ts';

export interface AlertsOptions {
  readonly senders: readonly ChannelSender[];
  readonly onFault?: (what: string, error: unknown) => void;
  /** Longest time of one delivery, ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** Wait before the second attempt, ms; doubled with each further one. Default 1,000. */
  readonly retryMs?: number;
}

export interface Alerts {
  /** Tells every channel; what a channel does not take is tried again for some minutes, then given up. */
  tell(alert: ChannelAlert): void;
  close(): Promise<void>;
}

const ATTEMPTS_MAX = 9;
/** Alerts of one channel that wait; what comes beyond is not told. */
const WAITING_MAX = 100;

type AlertSender = Required<Pick<ChannelSender, 'name' | 'alert'>>;

function takesAlerts(sender: ChannelSender): sender is ChannelSender & AlertSender {
  return sender.alert !== undefined;
}

/**
 * Alerts on their way to channels, one after another for each. They live in this process: what raises one raises it again
 * after a restart, for as long as its cause is there.
 */
export function startAlerts({
  senders,
  onFault = () => {},
  timeoutMs = 10_000,
  retryMs = 1_000,
}: AlertsOptions): Alerts {
  const ending = new AbortController();
  const lanes = senders
    .filter(takesAlerts)
    .map((sender) => ({ sender, waiting: 0, last: Promise.resolve() }));
  const deliver = async (sender: AlertSender, id: string, alert: ChannelAlert): Promise<void> => {
    for (let attempt = 0; !ending.signal.aborted; attempt++) {
      const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(timeoutMs)]);
      const answer = await sender
        .alert({ id, alert }, signal)
        .catch((error: unknown) => ({ ok: false as const, message: String(error), gone: false }));
      if (answer.ok) return;
      const givenUp = answer.gone === true || attempt + 1 >= ATTEMPTS_MAX;
      onFault(`telling ${sender.name}${givenUp ? ', given up' : ''}`, answer.message);
      if (givenUp) return;
      await pause(retryMs * 2 ** attempt, ending.signal);
    }
  };
  return {
    tell(alert) {
      const id = `msg_${randomUUID()}`;
      for (const lane of lanes) {
        const { sender } = lane;
        if (lane.waiting >= WAITING_MAX) {
          onFault(`telling ${sender.name}, given up`, 'too many alerts wait');
          continue;
        }
        lane.waiting += 1;
        lane.last = lane.last
          .then(() => deliver(sender, id, alert))
          .finally(() => {
            lane.waiting -= 1;
          });
      }
    },
    async close() {
      ending.abort();
      await Promise.all(lanes.map(({ last }) => last));
    },
  };
}
