import {
  type Decision,
  type DecisionRequest,
  type Json,
  type JsonObject,
  newDecisionId,
} from '@writ/decision';
import { sealFields } from '@writ/ledger';
import type { CallerIdentity } from './caller.ts';
import type { Core } from './core.ts';
import { defined } from './decision-entry.ts';
import { entitiesOf, type KnownAction, type KnownEntities, type KnownEntity } from './entities.ts';
import { commitFault } from './faults.ts';
import { foresee } from './foresee.ts';

/** What is searched for. */
export type SearchKind = 'subject' | 'resource' | 'action';

/** One that was searched for, as an evaluation would name it. */
export type SearchResult = JsonObject;

/** A search, in the words of whoever asks; the pipeline knows whom it could be about. */
export interface SearchQuestion {
  readonly kind: SearchKind;
  /** Type of the subjects or resources; for actions the type of the resource that they are about. */
  readonly type: string;
  /** The evaluation of one candidate: a request, or why none can be made of it. */
  readonly requestOf: (candidate: JsonObject) => DecisionRequest | undefined;
  /** Whether an evaluation that is decided so permits. */
  readonly permits: (decision: Decision) => boolean;
  /** Properties that the question itself gives to whatever it finds. */
  readonly properties?: JsonObject;
  readonly limit: number;
  /** Go on after this one. */
  readonly after?: string;
  /** What was asked, for the record. */
  readonly asked: JsonObject;
}

export type SearchAnswer =
  | {
      readonly ok: true;
      readonly decisionId: string;
      readonly results: readonly SearchResult[];
      /** Where the next page begins; absent at the end. */
      readonly next?: string;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Candidates that one page asks about. */
export const CANDIDATES_MAX = 1_000;

/**
 * Asks about each entity that is known by name whether an evaluation would permit it, until the page is full, a bound is
 * reached, or all were asked about. Nothing is reserved or asked of people, and the search is one entry of the record.
 */
export async function search(
  core: Core,
  caller: CallerIdentity,
  question: SearchQuestion,
): Promise<SearchAnswer> {
  const hold = core.source.hold();
  if (hold === undefined)
    return { ok: false, code: 'policy_engine_unavailable', message: 'no policies are active' };
  try {
    const read = entitiesOf(hold.set);
    if (!read.ok) return { ok: false, code: 'policy_error', message: read.message };
    const candidates = candidatesFor(question, read.entities)
      .filter(({ key }) => question.after === undefined || key > question.after)
      .toSorted((first, second) => (first.key < second.key ? -1 : 1));
    const deadlineAt = performance.now() + core.limits.decisionMs;
    const found: Candidate[] = [];
    let last: Candidate | undefined;
    let more = false;
    for (const [index, candidate] of candidates.entries()) {
      if (index >= CANDIDATES_MAX || (index > 0 && performance.now() >= deadlineAt)) {
        more = true;
        break;
      }
      const request = question.requestOf(candidate.entity);
      const until = performance.now() + core.limits.decisionMs;
      const decision =
        request === undefined ? undefined : await foresee(core, caller, hold.set, { request }, until);
      if (decision !== undefined && isFault(decision)) return faultOf(decision);
      const permits = decision !== undefined && question.permits(decision);
      // One more than fits is looked for, so that the last page says that it is the last.
      if (permits && found.length === question.limit) {
        more = true;
        break;
      }
      last = candidate;
      if (permits) found.push(candidate);
    }
    const results = found.map(({ entity }) => entity);
    const decisionId = await recordSearch(core, caller, question, results);
    return {
      ok: true,
      decisionId,
      results,
      ...(more ? { next: last?.key ?? question.after ?? '' } : {}),
    };
  } catch (thrown) {
    return { ok: false, ...commitFault(thrown) };
  } finally {
    hold.release();
  }
}

/** A list that leaves out what could not be judged would be taken for a no about it. */
const FAULTS: ReadonlySet<string> = new Set([
  'policy_timeout',
  'policy_engine_unavailable',
  'state_unavailable',
  'internal_error',
]);

function isFault({ reason }: Decision): boolean {
  return FAULTS.has(reason);
}

function faultOf({ reason, reasons: [first] }: Decision): SearchAnswer {
  return { ok: false, code: reason, message: first?.message ?? reason };
}

interface Candidate {
  readonly key: string;
  readonly entity: JsonObject;
}

function candidatesFor(
  { kind, type, properties }: SearchQuestion,
  entities: KnownEntities,
): readonly Candidate[] {
  if (kind === 'action')
    return entities.actions.filter((action) => isAbout(action, type)).map(actionCandidate);
  const known = kind === 'subject' ? entities.subjects : entities.resources;
  return known.filter((entity) => entity.type === type).map((entity) => candidate(entity, properties));
}

function isAbout({ resourceTypes }: KnownAction, type: string): boolean {
  return resourceTypes === undefined || resourceTypes.includes(type);
}

function actionCandidate({ name, properties }: KnownAction): Candidate {
  return { key: name, entity: { name, ...(properties === undefined ? {} : { properties }) } };
}

/** What the question says of all stands above what is known of one. */
function candidate({ type, id, properties }: KnownEntity, asked: JsonObject | undefined): Candidate {
  const both = { ...properties, ...asked };
  const server = type === 'tool' ? properties?.['server'] : undefined;
  return {
    key: server === undefined ? id : JSON.stringify([id, server]),
    entity: { type, id, ...(Object.keys(both).length === 0 ? {} : { properties: both }) },
  };
}

async function recordSearch(
  core: Core,
  caller: CallerIdentity,
  { kind, asked }: SearchQuestion,
  results: readonly SearchResult[],
): Promise<string> {
  const decision_id = newDecisionId(core.clock.nowMs(), core.randomBytes);
  const shown = results.length > 0;
  const note: Json = { search: kind, asked, results: results as readonly Json[] };
  await core.store.call('pdp.note', {
    core: {
      kind: 'decision',
      event: 'search',
      decision_id,
      phase: 'list',
      outcome: shown ? 'allow' : 'deny',
      effect: shown ? 'proceed' : 'refuse',
    },
    sealed: sealFields(defined({ point: caller.pointId, note }), core.salts),
    trust: core.trust,
  });
  return decision_id;
}
