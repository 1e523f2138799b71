import { type ReportCall, validateReportCall } from '@writ/decision';
import { type EntryCore, sealFields } from '@writ/ledger';
import { admit } from './admit.ts';
import { type CallerIdentity, refusedActor, refusedClaim, refusedPrincipal } from './caller.ts';
import type { Core } from './core.ts';
import { defined } from './decision-entry.ts';
import { subjectOf } from './gather.ts';
import type { NoteRequest } from './note-procedure.ts';

const KINDS: Readonly<Record<ReportCall['kind'], EntryCore['kind']>> = {
  model_refusal: 'model_refusal',
  malformed: 'malformed',
  upstream: 'administrative',
  note: 'administrative',
};

/** A note with this code tells the session that a turn of the model began. */
export const TURN_CODE = 'turn';

/** Puts a fact on record. Resolves in any case: nothing waits on it, and what it says allows nothing. */
export async function report(core: Core, caller: CallerIdentity, given: unknown): Promise<void> {
  const admitted = admit(given, validateReportCall);
  const request = admitted.ok
    ? noteOf(core, caller, admitted.call)
    : refusedNote(core, caller, admitted.code, admitted.message);
  await core.store.call('pdp.note', request).catch(() => undefined);
}

function refusedNote(core: Core, caller: CallerIdentity, code: string, message: string): NoteRequest {
  return {
    core: { kind: 'malformed', event: 'report', codes: [code] },
    sealed: sealFields({ point: caller.pointId, message }, core.salts),
    trust: core.trust,
  };
}

function noteOf(core: Core, caller: CallerIdentity, call: ReportCall): NoteRequest {
  const { kind, request: claimed, code, message, detail } = call;
  // A fact about somebody whom the caller may not speak for is kept, without the name.
  const refused = claimed === undefined ? undefined : refusedPart(caller, claimed);
  const request = refused === undefined ? claimed : undefined;
  const fields = defined({
    point: caller.pointId,
    principal: request?.principal?.id,
    tenant: request?.principal?.tenant,
    actor: request?.actor?.id,
    tool: request?.action?.tool,
    server: request?.action?.server,
    model: request?.action?.model,
    context: request?.context,
    message,
    note: detail,
  });
  const session = sessionOf(caller, call);
  return {
    core: {
      kind: KINDS[kind],
      event: kind,
      codes: refused === undefined ? [code] : [code, 'assertion_not_permitted'],
    },
    sealed: sealFields(fields, core.salts),
    trust: core.trust,
    ...(session === undefined ? {} : { session }),
  };
}

function refusedPart(
  caller: CallerIdentity,
  { principal, actor }: NonNullable<ReportCall['request']>,
): string | undefined {
  const about = principal === undefined ? undefined : refusedPrincipal(caller, principal);
  return about ?? (actor === undefined ? undefined : refusedActor(caller, actor));
}

/** A note about a turn counts in the session of a principal and actor that the caller may speak for. */
function sessionOf(caller: CallerIdentity, { kind, code, request }: ReportCall): NoteRequest['session'] {
  if (kind !== 'note' || code !== TURN_CODE) return undefined;
  const { principal, actor, context } = request ?? {};
  if (principal === undefined || actor === undefined) return undefined;
  const whole = { principal, actor, action: { type: 'tool_call', phase: 'call' } as const };
  const asked = context === undefined ? whole : { ...whole, context };
  return refusedClaim(caller, asked) === undefined
    ? { subject: subjectOf(asked), report: { turn: true } }
    : undefined;
}
