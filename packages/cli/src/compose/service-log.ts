import type { Decision, DecisionRequest } from '@writ/decision';
import type { DecisionService, PointHandle } from '@writ/pdp';
import { type Attributes, decisionAttributes, type Log, type Tracer } from '@writ/telemetry';
import type { ServiceEvents } from './service-options.ts';

/** Where decisions are told as they are made. */
export interface DecisionLog {
  readonly log: Log;
  readonly tracer: Tracer;
}

/** The service with each decision told: what was decided and about which tool; nobody's name, no argument. */
export function loggedService(service: DecisionService, to: DecisionLog): DecisionService {
  return { ...service, ...loggedPoint(service, to), as: (caller) => loggedPoint(service.as(caller), to) };
}

function loggedPoint(point: PointHandle, to: DecisionLog): PointHandle {
  const tell = (decision: Decision, request: DecisionRequest | undefined): Decision => {
    const { outcome, effect, reason, reasons } = decision;
    const unrecorded = reasons.some(({ code }) => code === 'audit_unavailable');
    to.log.write({
      severity: unrecorded ? 'error' : effect === 'refuse' ? 'warn' : 'info',
      event: 'writ.decision',
      message: `${outcome}: ${reason}`,
      attributes: { ...decisionAttributes(decision), ...about(request) },
      trace: to.tracer.current(),
    });
    return decision;
  };
  return {
    ...point,
    decide: async (call) => tell(await point.decide(call), call?.request),
    decideClaimed: async (call, claimed) => tell(await point.decideClaimed(call, claimed), call?.request),
    decideRaw: async (question) => {
      const made = await point.decideRaw(question);
      tell(made.decision, question.request);
      return made;
    },
  };
}

const NAME_LENGTH_MAX = 256;

/** What the call was about. It comes from outside, also where it was refused as unreadable. */
function about(request: DecisionRequest | undefined): Attributes {
  const { tool, server } = request?.action ?? {};
  const named = (name: string, value: unknown) =>
    typeof value === 'string' ? { [name]: value.slice(0, NAME_LENGTH_MAX) } : {};
  return { ...named('gen_ai.tool.name', tool), ...named('writ.server', server) };
}

/** The events of a service, told to the log as well. */
export function loggedEvents(events: ServiceEvents | undefined, log: Log): ServiceEvents {
  return {
    ...events,
    onActivated: (change) => {
      const message = 'policy changed, in force now';
      log.write({ severity: 'info', event: 'writ.policy.activated', message });
      events?.onActivated?.(change);
    },
    onRefused: (failure) => {
      const message = 'policy refused, the last good one stays in force';
      log.write({ severity: 'error', event: 'writ.policy.refused', message });
      events?.onRefused?.(failure);
    },
    onFault: (what, error) => {
      const said = error === undefined ? '' : `: ${error instanceof Error ? error.message : String(error)}`;
      log.write({ severity: 'warn', event: 'writ.fault', message: `${what}${said}` });
      events?.onFault?.(what, error);
    },
  };
}
