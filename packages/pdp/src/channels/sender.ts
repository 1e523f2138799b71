import type { Approval, JsonObject } from '@writ/decision';

/** What a channel is told: a step, and the approval as it is now. */
export interface ChannelNotice {
  /** The same at every attempt: receivers tell repetitions by it. */
  readonly id: string;
  readonly event: string;
  readonly approval: Approval;
  /** The page on which a person can judge it; absent where the service has no address for people. */
  readonly pageUrl?: string;
  /** What the channel kept of this approval. */
  readonly memo?: string;
}

/** Told, or not: `gone` where trying again is no use. */
export type ChannelAnswer =
  | { readonly ok: true; readonly memo?: string }
  | { readonly ok: false; readonly gone?: boolean; readonly message: string };

/** Something apart from approvals that people should look at. Its texts may come from others. */
export interface ChannelAlert {
  /** What webhooks get as `type`: `mcp.definitions_changed`. */
  readonly type: string;
  /** In one line. */
  readonly title: string;
  /** What it is about, each in one line. */
  readonly lines: readonly string[];
  /** What to do, in one line. */
  readonly remedy: string;
  /** The same for programs. */
  readonly data: JsonObject;
}

/** An alert on its way; `id` is the same at every attempt. */
export interface AlertNotice {
  readonly id: string;
  readonly alert: ChannelAlert;
}

/** One way to people. Rejecting counts as not told. */
export interface ChannelSender {
  readonly name: string;
  /** Whether it also tells the latest decisions on the tool, which have to be looked for. */
  readonly tellsRecent?: boolean;
  send(notice: ChannelNotice, signal: AbortSignal): Promise<ChannelAnswer>;
  /** Absent where it is told of approvals alone. */
  alert?(notice: AlertNotice, signal: AbortSignal): Promise<ChannelAnswer>;
}

/** An alert as people read it: names come from servers, so control characters go. */
export function alertText({ title, lines, remedy }: ChannelAlert): {
  readonly title: string;
  readonly lines: readonly string[];
  readonly remedy: string;
} {
  return { title: plain(title), lines: lines.map(plain), remedy: plain(remedy) };
}

/**
 * What a human reads of an approval; names come from agents, so control characters go. `why`: what a yes opens beyond the
 * call, the reasons, the appeal, each that there is.
 */
export function summaryOf({ action, actor, principal, reasons, appeal, standing }: Approval): {
  readonly title: string;
  readonly who: string;
  readonly why: readonly string[];
  readonly args: string;
} {
  const tool = `${action.server === undefined ? '' : `${action.server}: `}${action.tool ?? action.type}`;
  return {
    title: plain(tool),
    who: plain(
      `${actor.id} for ${principal.id}${principal.tenant === undefined ? '' : ` (${principal.tenant})`}`,
    ),
    why: [
      ...(standing === undefined
        ? []
        : [`A yes also permits further calls without asking: ${plain(JSON.stringify(standing))}`]),
      plain(
        reasons.map(({ code, message }) => (message === undefined ? code : `${code}: ${message}`)).join('; '),
      ),
      ...(appeal === undefined ? [] : [`Appeal: ${plain(appeal.justification ?? 'without a reason')}`]),
    ],
    args: plain(JSON.stringify(action.args ?? {}, undefined, 1)),
  };
}

/** What stands behind a text of arguments of which not all is shown. */
export const CUT_ARGUMENTS = '… (cut off here: look at all of it before you decide)';

function plain(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/** What became of it, in words. */
export function outcomeText({ status, decided_by, comment, votes = [], needed = 1 }: Approval): string {
  if (status === 'pending')
    return needed > 1 ? `${votes.length} of ${needed} said yes` : 'waits for a person';
  const by = decided_by === undefined ? '' : ` by ${decided_by}`;
  return plain(`${status}${by}${comment === undefined ? '' : `: ${comment}`}`);
}
