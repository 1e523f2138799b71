import type { QueryError } from '../../engine/query-types.ts';
import type { NotAsked } from '../../pipeline/administrative-queries.ts';
import { type ErrorBody, HttpError } from '../error-body.ts';

const OPA_PATH = /^\/(?:v0\/data|v1\/(?:data|query|compile|policies|batch)|(?=\?|$))(?:[/?]|$)/;

/** Is this a path of OPA's REST API: then errors have OPA's codes. */
export function isOpaPath(url: string): boolean {
  return OPA_PATH.test(url);
}

/** What OPA says before the reason for which a body cannot be read. */
function unreadable(url: string): string {
  return /^\/v1\/(?:query|compile)/.test(url)
    ? 'error(s) occurred while decoding request'
    : 'body contains malformed input document';
}

/** An error as OPA's clients know it; Writ's own code stays as `reason`. */
export function opaErrorBody(url: string, error: HttpError): ErrorBody {
  if (!error.malformed) return error.body;
  const { message } = error;
  return {
    ...error.body,
    code: 'invalid_parameter',
    message: `${unreadable(url)}: ${message}`,
    reason: error.code,
  };
}

/** A query that does not compile: 400 with the errors. `what` is what OPA calls the step after parsing. */
export function refusedQuery(errors: readonly QueryError[], what: 'query' | 'module(s)'): HttpError {
  const parsing = errors.some(({ code }) => code === 'rego_parse_error');
  const step = parsing ? 'parsing query' : `compiling ${what}`;
  return new HttpError(400, 'invalid_parameter', `error(s) occurred while ${step}`, { errors });
}

/** An evaluation that ended without an answer: 500 with the errors. */
export function failedEvaluation(errors: readonly object[]): HttpError {
  return new HttpError(500, 'internal_error', 'error(s) occurred while evaluating query', { errors });
}

/** What could not be asked at all. */
export function notAsked({ code, message }: NotAsked): HttpError {
  return new HttpError(code === 'engine_unsupported' ? 501 : 503, code, message);
}

/** A request that says something wrong, in OPA's words. */
export function invalid(message: string): HttpError {
  return new HttpError(400, 'invalid_parameter', message);
}
