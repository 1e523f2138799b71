import type { RateRule, ResolvedCapability, Tightened } from '@writ/bundle';
import {
  type ConsultedOpinion,
  HUMAN_APPROVAL_METHOD,
  type OpinionPart,
  type OpinionReason,
  type Outcome,
  type Phase,
} from '@writ/decision';

/** What the registry asks of a call, beside what it says of it. */
export interface RegistryDuties {
  /** Labels that attach to the session when the call is allowed. */
  readonly labels: readonly string[];
  /** Method to ask for where a policy asks for step-up without naming one. */
  readonly stepUpMethod?: string;
  /** What the registry itself says: step-up, programs, what the capability is for. */
  readonly opinions: readonly ConsultedOpinion[];
  readonly rates: readonly RateRule[];
}

/** How decisions name the registry where it says something itself. */
export const REGISTRY_RULE = 'data.writ.registry';

/** A call that is asked about as nothing is known of it. */
export const NO_DUTIES: RegistryDuties = Object.freeze({ labels: [], opinions: [], rates: [] });

/** What follows from a description for a call: opinions are given about calls alone, not about lists and results. */
export function dutiesOf(
  value: ResolvedCapability | undefined,
  tightened: readonly Tightened[],
  { phase, verified }: { readonly phase: Phase; readonly verified: boolean },
): RegistryDuties {
  const rates = [value?.rate, ...tightened.map(({ rate }) => rate)].filter((rate) => rate !== undefined);
  const asked = [value, ...tightened].flatMap((each) =>
    each?.step_up === true ? stepUpOpinion(each, verified) : [],
  );
  const objections = value?.objections.map((objection) => opinionOf(value.bundle, 'deny', objection)) ?? [];
  return {
    labels: value?.labels ?? [],
    ...(value?.step_up_method === undefined ? {} : { stepUpMethod: value.step_up_method }),
    opinions: phase === 'call' ? [...objections, ...asked] : [],
    rates: phase === 'call' ? rates : [],
  };
}

type StepUpSource = Pick<Tightened, 'bundle' | 'capability' | 'step_up_method'>;

/** A stronger identity that was proved is enough; a person's word about one call is not proved by one. */
function stepUpOpinion(
  { bundle, capability, step_up_method }: StepUpSource,
  verified: boolean,
): ConsultedOpinion[] {
  const method = step_up_method ?? 'step_up';
  if (method === HUMAN_APPROVAL_METHOD) {
    const message = `a person has to approve each call of capability \`${capability}\``;
    return [opinionOf(bundle, 'escalate', { code: 'approval_required', message })];
  }
  if (verified) return [];
  const message = `capability \`${capability}\` needs a stronger proof of identity`;
  return [opinionOf(bundle, 'step_up', { code: 'step_up_required', message }, { step_up: { method } })];
}

function opinionOf(
  bundle: string,
  outcome: Outcome,
  { code, message, remediation }: OpinionReason,
  more: Partial<OpinionPart> = {},
): ConsultedOpinion {
  const reason = {
    code,
    ...(message === undefined ? {} : { message }),
    ...(remediation === undefined ? {} : { remediation }),
  };
  const part: OpinionPart = { outcome, reasons: [reason], obligations: [], ...more };
  return {
    layer: 'resource',
    bundle,
    rule: REGISTRY_RULE,
    kind: 'guard',
    opinion: { kind: 'verdict', parts: [part] },
  };
}

/** A policy that asks for step-up without saying how gets the method that the registry names. */
export function withStepUpMethod(
  opinions: readonly ConsultedOpinion[],
  method: string | undefined,
): readonly ConsultedOpinion[] {
  if (method === undefined) return opinions;
  return opinions.map((consulted) => {
    const { opinion } = consulted;
    if (opinion.kind !== 'verdict') return consulted;
    const parts = opinion.parts.map((part) => {
      const isOpen = part.outcome === 'step_up' && (part.step_up?.method ?? 'step_up') === 'step_up';
      return isOpen ? { ...part, step_up: { ...part.step_up, method } } : part;
    });
    return { ...consulted, opinion: { ...opinion, parts } };
  });
}
