import type { Json, JsonObject } from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { documentQuery } from '../../../engine/policy-queries.ts';
import { HttpError } from '../../error-body.ts';
import { type ApiContext, requireOperator } from '../../http-api.ts';
import { annexesOf, flag, memberOf, textsOf } from '../annexes.ts';
import { pathOf } from '../data-routes.ts';
import { failedEvaluation, invalid, notAsked, refusedQuery } from '../errors.ts';
import { checkFilter } from './check-filter.ts';
import { filterAnnotations } from './filter-annotations.ts';
import { inlineVariables } from './inline-variables.ts';
import { type Mappings, MappingsError, mappingsFor, shortsOf } from './mappings.ts';
import type { ResidueBody } from './residue.ts';
import { SqlError, toSql } from './sql.ts';
import { type FilterTarget, MULTI_TARGET, targetsOf } from './targets.ts';
import { toUcast } from './ucast.ts';

/**
 * OPA's data filters: what a rule leaves open about unknown rows, as a condition for a database. For the operator, as
 * all raw evaluation, and on record. (https://www.openpolicyagent.org/docs/rest-api#compile-api)
 */
export function registerFilterRoutes(app: FastifyInstance, context: ApiContext): void {
  app.post('/v1/compile/*', (request, reply) => answerFilter(request, reply, context));
}

/** A residue that no filter can say: 400, with OPA's own words for each part. */
function noFilter(errors: readonly object[]): HttpError {
  return new HttpError(400, 'evaluation_error', 'error(s) occurred while evaluating query', { errors });
}

interface FilterQuestion {
  readonly path: string;
  readonly mediaType: string;
  readonly targets: readonly FilterTarget[];
  readonly input: Json | undefined;
  readonly unknowns: readonly string[];
  readonly disableInlining: readonly string[];
  readonly mappings: Mappings;
  readonly maskPath: string | undefined;
}

function readQuestion(request: FastifyRequest, context: ApiContext): FilterQuestion {
  const { body } = request;
  const path = pathOf(request);
  const options = memberOf(body, 'options');
  const mediaType = request.headers.accept ?? '';
  if (mediaType === '') throw invalid('Accept header: missing required header');
  if (mediaType.includes(',')) throw invalid('Accept header: multiple headers not supported');
  const named = textsOf(memberOf(options, 'targetDialects'), 'options.targetDialects') ?? [];
  const targets = targetsOf(mediaType, named);
  if (targets === undefined) throw invalid(`Accept header: unsupported header: ${mediaType}`);
  const unknownTarget = named[targets.indexOf(undefined)];
  if (unknownTarget !== undefined) throw invalid(`unknown target/dialect combination: ${unknownTarget}`);
  const modules = context.policies()?.bundles.flatMap((bundle) => bundle.modules) ?? [];
  const annotated = filterAnnotations(path, modules);
  const unknowns = textsOf(memberOf(body, 'unknowns'), 'unknowns') ?? [];
  const maskRule = memberOf(options, 'maskRule');
  const mappings = memberOf(options, 'targetSQLTableMappings');
  if (mappings !== undefined && !isObject(mappings))
    throw invalid("'options.targetSQLTableMappings' is not an object");
  return {
    path,
    mediaType,
    targets: targets as FilterTarget[],
    input: memberOf(body, 'input'),
    unknowns: unknowns.length > 0 ? unknowns : annotated.unknowns,
    disableInlining: textsOf(memberOf(options, 'disableInlining'), 'options.disableInlining') ?? [],
    mappings,
    maskPath:
      typeof maskRule === 'string' && maskRule !== '' ? maskPathOf(maskRule, path) : annotated.maskPath,
  };
}

/** A mask rule without `data` stands in the rule's own package. */
function maskPathOf(rule: string, path: string): string {
  const steps = rule.split('.');
  return (steps[0] === 'data' ? steps.slice(1) : [path.slice(0, path.lastIndexOf('/')), ...steps]).join('/');
}

async function answerFilter(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
): Promise<FastifyReply> {
  const startedAt = performance.now();
  const by = requireOperator(request, context);
  const question = readQuestion(request, context);
  const { path, mediaType, targets, input, unknowns, disableInlining, mappings } = question;
  const answer = await context.service.administration.queries.compile(
    {
      text: documentQuery(path),
      input,
      ...(unknowns.length === 0 ? {} : { unknowns }),
      ...(disableInlining.length === 0 ? {} : { disableInlining }),
    },
    by,
  );
  if (answer.kind === 'not_asked') throw notAsked(answer);
  if (answer.kind === 'refused') throw refusedQuery(answer.errors, 'module(s)');
  if (answer.kind === 'error') throw failedEvaluation(answer.errors);
  const queries = (answer.queries as readonly ResidueBody[]).map(inlineVariables);
  const errors = checkFilter(queries, targets, shortsOf(mappings));
  // What still needs the policy is named by a reference into `data`; one that hides elsewhere must not pass either.
  if (errors.length === 0 && (answer.needsPolicy || answer.support.length > 0)) {
    const message = 'what is left needs rules of the policy, which no filter has';
    errors.push({ code: 'pe_fragment_error', message });
  }
  if (errors.length > 0) throw noFilter(errors);
  const masks = queries.length === 0 ? undefined : await masksOf(context, question, by);
  const filters = targets.map((target) => [target, filterFor(target, queries, mappings)] as const);
  const body = {
    ...resultOf(mediaType, queries.length > 0, filters, masks),
    ...annexesOf(request, context, { ...answer.timers, startedAt }),
  };
  reply.header('content-type', mediaType);
  const text = JSON.stringify(body, undefined, flag(request, 'pretty') ? 2 : 0);
  // As bytes, so that nothing is added to the media type that was asked for.
  return reply.send(Buffer.from(text));
}

function filterFor(
  { target, dialect }: FilterTarget,
  queries: readonly ResidueBody[],
  mappings: Mappings,
): unknown {
  try {
    const node = toUcast(queries, mappingsFor(mappings, target, dialect));
    return target === 'ucast' ? (node ?? {}) : toSql(node, dialect);
  } catch (error) {
    if (error instanceof MappingsError) throw invalid(error.message);
    if (error instanceof SqlError) throw noFilter([{ code: 'pe_fragment_error', message: error.message }]);
    throw error;
  }
}

/** Nothing at all where the rule can never hold: whoever applies a filter must take that for "no row". */
function resultOf(
  mediaType: string,
  mayHold: boolean,
  filters: readonly (readonly [FilterTarget, unknown])[],
  masks: Json | undefined,
): object {
  const one = (query: unknown): object => ({ query, ...(masks === undefined ? {} : { masks }) });
  if (mediaType === MULTI_TARGET) {
    const named = filters.map(([{ target, dialect }, query]) => [
      target === 'ucast' ? target : dialect,
      one(query),
    ]);
    return { result: mayHold ? Object.fromEntries(named.reverse()) : {} };
  }
  const [first] = filters;
  return first === undefined || !mayHold ? {} : { result: one(first[1]) };
}

/** What of the rows is to be masked: the mask rule's own answer. */
async function masksOf(
  context: ApiContext,
  { maskPath, input }: FilterQuestion,
  by: string,
): Promise<Json | undefined> {
  if (maskPath === undefined) return undefined;
  const answer = await context.service.administration.queries.query({ path: maskPath, input }, by);
  if (answer.kind === 'not_asked') throw notAsked(answer);
  if (answer.kind !== 'rows') throw failedEvaluation(answer.errors);
  return answer.rows[0]?.values[0];
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
