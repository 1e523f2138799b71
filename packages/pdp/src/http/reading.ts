import { DEFAULT_BUNDLE_LIMITS, readDocument } from '@writ/bundle';
import {
  httpStatusOf,
  type Json,
  type JsonObject,
  readStrict,
  readStrictBytes,
  type StrictJsonProblem,
} from '@writ/decision';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './error-body.ts';
import { isOpaPath } from './opa/errors.ts';
import { isPolicyText } from './opa/policy-text.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route says itself who may use it. */
    readonly ownAuthentication?: boolean;
    /** The route gets its body as bytes: a form, or what a signature is over. */
    readonly rawBody?: boolean;
    /** A page for people, which links of other pages may lead to. */
    readonly page?: boolean;
  }
}

/**
 * Bodies are read by the strict reader alone, from bytes: what is refused there never reaches a policy. The type
 * that the caller names is not looked at, as OPA does; pages of other sites are held off by the Origin check.
 */
export function readBodiesStrictly(app: FastifyInstance, sizeBytesMax: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: sizeBytesMax }, (request, body, done) => {
    const bytes = body as Buffer;
    if (isPolicyText(request) || request.routeOptions.config.rawBody === true) {
      done(null, bytes);
      return;
    }
    if (bytes.length === 0) {
      done(null, undefined);
      return;
    }
    if (isYaml(request)) {
      const document = readDocument({ path: 'body.yaml', bytes }, DEFAULT_BUNDLE_LIMITS);
      if (document.ok) done(null, document.value);
      else done(new HttpError(400, 'request_invalid', document.problem.message, {}, true), undefined);
      return;
    }
    // A route that takes larger bodies says so itself.
    const read = readStrictBytes(bytes, {
      sizeBytesMax: request.routeOptions.bodyLimit ?? sizeBytesMax,
      frozen: true,
    });
    if (read.ok) done(null, read.value);
    else done(unreadable(read), undefined);
  });
}

/** OPA's API takes YAML where the caller says that it is. */
function isYaml({ url, headers }: FastifyRequest): boolean {
  return isOpaPath(url) && /yaml/i.test(headers['content-type'] ?? '');
}

function unreadable({ code, message, line, column }: StrictJsonProblem): HttpError {
  return new HttpError(httpStatusOf(code), code, message, { location: { line, column } }, true);
}

/** A JSON text from a query parameter, by the strict reader. */
export function readJsonText(text: string): Json {
  const read = readStrict(text);
  if (!read.ok) throw unreadable(read);
  return read.value;
}

/** The body as an object that holds no other keys than these. */
export function bodyObject(body: unknown, keys: readonly string[]): JsonObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpError(400, 'request_invalid', 'the body is not a JSON object');
  }
  for (const key of Object.keys(body)) {
    if (!keys.includes(key)) {
      throw new HttpError(400, 'request_invalid', `unknown key \`${key}\`: known are ${keys.join(', ')}`);
    }
  }
  return body as JsonObject;
}

export function optionalText(body: JsonObject, key: string): string | undefined {
  const value = body[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > 4096) {
    throw new HttpError(400, 'request_invalid', `\`${key}\` is not a text of at most 4,096 characters`);
  }
  return value;
}

export function requiredText(body: JsonObject, key: string): string {
  const value = optionalText(body, key);
  if (value === undefined || value === '')
    throw new HttpError(400, 'request_invalid', `\`${key}\` is missing`);
  return value;
}

/** One query parameter; given twice it is refused. */
export function queryText(request: FastifyRequest, name: string): string | undefined {
  const query = request.query as Readonly<Record<string, unknown>>;
  const value = Object.hasOwn(query, name) ? query[name] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw new HttpError(400, 'request_invalid', `query parameter \`${name}\` is given more than once`);
}

/** A query parameter that is a non-negative integer. */
export function queryInteger(request: FastifyRequest, name: string): number | undefined {
  const text = queryText(request, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new HttpError(400, 'request_invalid', `query parameter \`${name}\` is no integer`);
  return Number(text);
}
