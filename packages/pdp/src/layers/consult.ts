import {
  type ConsultedOpinion,
  type DecisionRequest,
  faultOpinion,
  type IdentityFacts,
  intersectCapabilities,
  type Json,
  type Opinion,
  type Phase,
  readAnswer,
} from '@writ/decision';
import type { NondeterministicCache } from '@writ/rego';
import type { EngineAnswer, EngineRule } from '../engine/engine.ts';
import type { ActiveEntrypoint, PolicySet } from './policy-set.ts';

/** What every evaluation of one decision shares. */
export interface ConsultOptions {
  /** Milliseconds for all evaluations together; each gets what is left. */
  readonly deadlineMs: number;
  /** Nanoseconds since 1970: one moment for the whole decision. */
  readonly timeNs: bigint;
  readonly phase: Phase;
  /** Answers of builtins that draw or ask, shared by all evaluations. */
  readonly nondeterministic?: NondeterministicCache;
}

/** What the active policies say about a request. */
export interface Consultation {
  readonly opinions: readonly ConsultedOpinion[];
  /** The request with what the identity layer knows about the actor. */
  readonly request: DecisionRequest;
  /** The rules that produced answers, each once. */
  readonly rules: readonly EngineRule[];
  readonly rulesEvaluated: number;
  readonly evaluationNs: number;
}

/** How long an engine may overstay a deadline before its answer is given up. */
const GRACE_MS = 50;

/**
 * Asks every entrypoint whose `when` holds. The identity layer comes first: its facts enrich the request that the
 * others see, capabilities of several intersect, and membership is checked here too, whatever policies do with it.
 * Those that only observe are asked last; what they say neither enriches the request nor counts.
 * A fault of one is a deny of that one; nothing here throws.
 */
export async function consult(
  policies: PolicySet,
  request: DecisionRequest,
  options: ConsultOptions,
): Promise<Consultation> {
  const startNs = process.hrtime.bigint();
  const round: Round = {
    policies,
    deadlineAt: performance.now() + options.deadlineMs,
    timeNs: options.timeNs,
    nondeterministic: options.nondeterministic,
    rules: new Map(),
    rulesEvaluated: 0,
  };
  const asked: DecisionRequest = { ...request, action: { ...request.action, phase: options.phase } };
  const identity = policies.consulted(asked).filter(({ entrypoint }) => entrypoint.layer === 'identity');
  const known = await askAll(round, identity.filter(counts), asked);
  const enriched = enrich(asked, known);
  const others = policies
    .consulted(enriched.request)
    .filter(({ entrypoint }) => entrypoint.layer !== 'identity');
  const opinions = [
    ...known,
    ...enriched.opinions,
    ...(await askAll(round, others.filter(counts), enriched.request)),
  ];
  opinions.push(...(await observe(round, [...identity, ...others], enriched.request)));
  return {
    opinions,
    request: enriched.request,
    rules: [...round.rules.values()],
    rulesEvaluated: round.rulesEvaluated,
    evaluationNs: Number(process.hrtime.bigint() - startNs),
  };
}

function counts({ observes }: ActiveEntrypoint): boolean {
  return !observes;
}

/** Of the time that is left, what those that only observe may take: the rest belongs to what counts. */
const OBSERVED_SHARE = 0.25;

/** Asks those that only observe, last, so that whatever they do takes nothing from the others. */
async function observe(
  round: Round,
  all: readonly ActiveEntrypoint[],
  request: DecisionRequest,
): Promise<ConsultedOpinion[]> {
  const observing = all.filter(({ observes }) => observes);
  if (observing.length === 0) return [];
  const now = performance.now();
  const deadlineAt = now + (round.deadlineAt - now) * OBSERVED_SHARE;
  // Their rules are no part of what decided.
  const apart: Round = { ...round, deadlineAt, rules: new Map() };
  const opinions = await askAll(apart, observing, request);
  return opinions.map((opinion) => ({ ...opinion, observed: true }));
}

interface Round {
  readonly policies: PolicySet;
  readonly deadlineAt: number;
  readonly timeNs: bigint;
  readonly nondeterministic: NondeterministicCache | undefined;
  readonly rules: Map<string, EngineRule>;
  rulesEvaluated: number;
}

/** Inputs by profile: built once for all entrypoints of a profile. */
type Inputs = Map<string, Json>;

async function askAll(
  round: Round,
  entrypoints: readonly ActiveEntrypoint[],
  request: DecisionRequest,
): Promise<ConsultedOpinion[]> {
  const inputs: Inputs = new Map();
  const opinions: ConsultedOpinion[] = [];
  const pending: Promise<void>[] = [];
  for (const [index, active] of entrypoints.entries()) {
    const answer = evaluate(round, active, request, inputs);
    // Engines in process answer at once: no turn of the event loop is spent on them.
    if (answer instanceof Promise) {
      const settled = answer.then((late) => {
        opinions[index] = opinionOf(round, active, late);
      });
      pending.push(settled);
    } else opinions[index] = opinionOf(round, active, answer);
  }
  if (pending.length > 0) await Promise.all(pending);
  return opinions;
}

function evaluate(
  round: Round,
  active: ActiveEntrypoint,
  request: DecisionRequest,
  inputs: Inputs,
): EngineAnswer | Promise<EngineAnswer> {
  const deadlineMs = round.deadlineAt - performance.now();
  if (deadlineMs <= 0) return timeout('no time is left for this evaluation');
  try {
    const { bundle, entrypoint, profile } = active;
    let input = inputs.get(profile.name);
    if (input === undefined) {
      input = profile.toInput(request);
      inputs.set(profile.name, input);
    }
    const answer = round.policies.policies.evaluate({
      bundle,
      path: entrypoint.path,
      input,
      deadlineMs,
      timeNs: round.timeNs,
      ...(round.nondeterministic === undefined ? {} : { nondeterministic: round.nondeterministic }),
    });
    return answer instanceof Promise ? bounded(answer, deadlineMs + GRACE_MS) : answer;
  } catch (error) {
    return broken(error);
  }
}

/** Engines promise to answer in time and never to reject; a decision does not rest on that. */
function bounded(answer: Promise<EngineAnswer>, timeoutMs: number): Promise<EngineAnswer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(timeout('the engine gave no answer in time')), timeoutMs);
    answer.then(resolve, (error) => resolve(broken(error))).finally(() => clearTimeout(timer));
  });
}

function timeout(message: string): EngineAnswer {
  return { kind: 'error', code: 'policy_timeout', message };
}

function broken(error: unknown): EngineAnswer {
  const name = error instanceof Error ? error.name : typeof error;
  return { kind: 'error', code: 'policy_error', message: `the evaluation failed (${name})` };
}

function opinionOf(round: Round, active: ActiveEntrypoint, answer: EngineAnswer): ConsultedOpinion {
  const { bundle, rule, entrypoint, form } = active;
  const from = { layer: entrypoint.layer, bundle, rule, kind: entrypoint.kind };
  if (answer.kind === 'error')
    return { ...from, ...answer.place, opinion: faultOpinion(answer.code, answer.message) };
  for (const found of answer.rules) round.rules.set(`${found.path} ${found.file}:${found.row}`, found);
  round.rulesEvaluated += answer.rulesEvaluated;
  const opinion = readAnswer(entrypoint.kind, answer.kind === 'value' ? answer.value : undefined, { form });
  const kept = active.thirdParty ? withoutReplacements(opinion) : opinion;
  return { ...from, ...placeOf(answer.rules, rule), opinion: kept };
}

/** What a third party redacts is taken out; to put something of its own in its place would be to write the call. */
function withoutReplacements(opinion: Opinion): Opinion {
  if (opinion.kind !== 'verdict') return opinion;
  const parts = opinion.parts.map((part) => ({
    ...part,
    obligations: part.obligations.map(({ properties, ...obligation }) => {
      const { replacement: _own, ...rest } = properties;
      return { ...obligation, properties: obligation.type === 'redact' ? rest : properties };
    }),
  }));
  return { ...opinion, parts };
}

/** Where the answer was made: the asked rule's own place, or that of a rule below it where a package was asked. */
function placeOf(rules: readonly EngineRule[], rule: string): { file?: string; row?: number } {
  const found =
    rules.find(({ path }) => path === rule) ?? rules.find(({ path }) => path.startsWith(`${rule}.`));
  return found === undefined ? {} : { file: found.file, row: found.row };
}

/** A request with the identity layer's facts, and the denials that follow from them outside of Rego. */
interface Enriched {
  readonly request: DecisionRequest;
  readonly opinions: readonly ConsultedOpinion[];
}

type Identified = ConsultedOpinion & { readonly opinion: Extract<Opinion, { kind: 'identity' }> };

function enrich(request: DecisionRequest, known: readonly ConsultedOpinion[]): Enriched {
  // What a caller says of its own capabilities never counts.
  const { capabilities: _claimed, ...actor } = request.actor;
  const stripped: DecisionRequest = { ...request, actor };
  const identified = known.filter((opinion): opinion is Identified => opinion.opinion.kind === 'identity');
  if (identified.length === 0) return { request: stripped, opinions: [] };
  const facts = identified.map(({ opinion }) => opinion.facts);
  const united = uniteActors(facts);
  const capabilities = intersectCapabilities(facts);
  const enriched: DecisionRequest = {
    ...request,
    actor: { ...actor, ...united.actor, ...(capabilities === undefined ? {} : { capabilities }) },
  };
  const contradicting =
    united.contradiction === undefined ? [] : [contradiction(identified[0]!, united.contradiction)];
  return { request: enriched, opinions: [...contradicting, ...membership(request, identified)] };
}

function uniteActors(facts: readonly IdentityFacts[]): {
  actor: IdentityFacts['actor'];
  contradiction?: string;
} {
  const actor: { -readonly [K in keyof IdentityFacts['actor']]: IdentityFacts['actor'][K] } = {};
  let contradiction: string | undefined;
  for (const { actor: own } of facts) {
    for (const name of ['class', 'scope', 'owner_team'] as const) {
      const value = own[name];
      if (value === undefined) continue;
      if (actor[name] !== undefined && actor[name] !== value) contradiction = name;
      actor[name] = value;
    }
    if (own.attested !== undefined) actor.attested = own.attested && actor.attested !== false;
  }
  return contradiction === undefined ? { actor } : { actor, contradiction };
}

function contradiction(from: Identified, field: string): ConsultedOpinion {
  return denied(
    from,
    'policy_error',
    `identity policies contradict each other about the actor's \`${field}\``,
  );
}

/**
 * Every identity entrypoint that lists capabilities must list the one that is used. A tool call whose capability
 * nobody described cannot be on any list, so it is refused as well; other kinds of action need not name one.
 */
function membership(request: DecisionRequest, identified: readonly Identified[]): ConsultedOpinion[] {
  const { capability, type, phase, tool } = request.action;
  if (phase === 'result' || (capability === undefined && type !== 'tool_call')) return [];
  return identified.flatMap((from) => {
    const listed = from.opinion.facts.capabilities;
    if (listed === undefined || (capability !== undefined && listed.includes(capability))) return [];
    const message =
      capability === undefined
        ? `the actor is limited to listed capabilities, and no bundle says which one tool \`${tool ?? ''}\` is`
        : `the actor does not hold capability \`${capability}\``;
    return [denied(from, 'capability_not_held', message)];
  });
}

function denied(from: Identified, code: string, message: string): ConsultedOpinion {
  return {
    ...from,
    opinion: { kind: 'verdict', parts: [{ outcome: 'deny', reasons: [{ code, message }], obligations: [] }] },
  };
}
