import type { ObjectValue, Value } from '../value/index.ts';
import {
  bigIntOf,
  isNumber,
  isObject,
  makeObject,
  numberText,
  objectEntries,
  objectGet,
  objectKeys,
  RegoSet,
  toJson,
  valueText,
} from '../value/index.ts';
import type { BuiltinContext, BuiltinError, BuiltinOutcome } from './builtin.ts';
import { bytesOfText, hexOfBytes } from './bytes.ts';
import type { Family } from './define.ts';
import { digestOf, hmacOf } from './digest.ts';
import { fault, operandFault, typeFault } from './fault.ts';
import type { GoUrl } from './go-url.ts';
import { escapedPath, isUrlFault, parseGoUrl } from './go-url.ts';

const CONFIG_REQUIRED = ['aws_access_key', 'aws_region', 'aws_secret_access_key', 'aws_service'] as const;
const REQUEST_REQUIRED = ['method', 'url'] as const;
/** What `http.send` takes, too. */
const REQUEST_KEYS: ReadonlySet<Value> = new Set<Value>([
  'method',
  'url',
  'body',
  'enable_redirect',
  'force_json_decode',
  'force_yaml_decode',
  'headers',
  'raw_body',
  'tls_use_system_certs',
  'tls_ca_cert',
  'tls_ca_cert_file',
  'tls_ca_cert_env_variable',
  'tls_client_cert',
  'tls_client_cert_file',
  'tls_client_cert_env_variable',
  'tls_client_key',
  'tls_client_key_file',
  'tls_client_key_env_variable',
  'tls_insecure_skip_verify',
  'tls_server_name',
  'timeout',
  'cache',
  'force_cache',
  'force_cache_duration_seconds',
  'raise_error',
  'caching_mode',
  'max_retry_attempts',
  'cache_ignored_headers',
]);
/** Headers that a proxy may change on the way; they are not signed. */
const UNSIGNED_HEADERS: ReadonlySet<string> = new Set(['authorization', 'user-agent', 'x-amzn-trace-id']);
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

function textAt(object: ObjectValue, key: string): string {
  const value = objectGet(object, key);
  return typeof value === 'string' ? value : '';
}

function setFault(position: number, problem: string, keys: readonly Value[]): BuiltinError | undefined {
  if (keys.length === 0) return undefined;
  return operandFault(position, `${problem}: ${valueText(RegoSet.from(keys))}`);
}

function configFault(config: ObjectValue): BuiltinError | undefined {
  const missing = CONFIG_REQUIRED.filter((key) => objectGet(config, key) === undefined);
  const wrong = CONFIG_REQUIRED.filter((key) => typeof objectGet(config, key) !== 'string');
  return (
    setFault(2, 'missing required AWS config parameters(s)', missing) ??
    setFault(2, 'invalid values for required AWS config parameters(s)', wrong)
  );
}

function requestFault(request: ObjectValue): BuiltinError | undefined {
  const unknown = objectKeys(request).filter((key) => !REQUEST_KEYS.has(key));
  const missing = REQUEST_REQUIRED.filter((key) => objectGet(request, key) === undefined);
  return (
    setFault(1, 'invalid request parameters(s)', unknown) ??
    setFault(1, 'missing required request parameters(s)', missing)
  );
}

function bodyText(request: ObjectValue): string {
  const raw = objectGet(request, 'raw_body');
  if (raw !== undefined) return typeof raw === 'string' ? raw : '';
  const body = objectGet(request, 'body');
  return body === undefined ? '' : toJson(body, { escapeHtml: true });
}

function sha256Hex(text: string): string {
  return hexOfBytes(digestOf('sha256', bytesOfText(text)));
}

interface Signing {
  readonly method: string;
  readonly url: GoUrl;
  readonly body: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly config: ObjectValue;
  /** `20060102T150405Z` */
  readonly time: string;
  readonly isPayloadSigned: boolean;
}

/** The `Authorization` header and what else must be sent with it. */
function signature(signing: Signing): readonly (readonly [string, string])[] {
  const { config, time, url } = signing;
  const service = textAt(config, 'aws_service');
  const region = textAt(config, 'aws_region');
  const content = signing.isPayloadSigned ? sha256Hex(signing.body) : 'UNSIGNED-PAYLOAD';
  const added = new Map([
    ['host', url.host],
    ['x-amz-date', time],
  ]);
  if (service === 's3' || service === 'glacier') added.set('x-amz-content-sha256', content);
  const token = textAt(config, 'aws_session_token');
  if (token !== '') added.set('x-amz-security-token', token);
  const signed = new Map(added);
  for (const [name, value] of signing.headers) {
    const lower = name.toLowerCase();
    if (!UNSIGNED_HEADERS.has(lower)) signed.set(lower, value);
  }
  const pairs = objectEntries(makeObject(signed)) as readonly (readonly [string, string])[];
  const names = pairs.map(([name]) => name).join(';');
  const lines = pairs.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = [signing.method, escapedPath(url), url.rawQuery, lines, names, content].join('\n');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256Hex(canonical)}`;
  const secret = bytesOfText(`AWS4${textAt(config, 'aws_secret_access_key')}`);
  const sign = (key: Uint8Array, text: string) => hmacOf('sha256', key, bytesOfText(text));
  const key = [day, region, service, 'aws4_request'].reduce(sign, secret);
  const credential = `Credential=${textAt(config, 'aws_access_key')}/${scope}`;
  const header = `AWS4-HMAC-SHA256 ${credential},SignedHeaders=${names},Signature=${hexOfBytes(sign(key, toSign))}`;
  return [['Authorization', header], ...added];
}

/** Nanoseconds since 1970 as AWS writes a time. */
function amazonTime(nanoseconds: bigint): string {
  const milliseconds = nanoseconds / 1_000_000n - (nanoseconds % 1_000_000n < 0n ? 1n : 0n);
  return new Date(Number(milliseconds)).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** OPA names every operand of a wrong type the first here. */
function signRequest(_context: BuiltinContext, request: Value, config: Value, timeNs: Value): BuiltinOutcome {
  if (!isObject(request)) return typeFault(1, request, 'object');
  if (!isObject(config)) return typeFault(1, config, 'object');
  const badConfig = configFault(config);
  if (badConfig !== undefined) return badConfig;
  if (!isNumber(timeNs)) return typeFault(1, timeNs, 'number');
  const nanoseconds = /[.eE]/.test(numberText(timeNs)) ? undefined : bigIntOf(timeNs);
  if (nanoseconds === undefined || nanoseconds > INT64_MAX || nanoseconds < INT64_MIN) {
    return operandFault(3, 'could not convert time_ns value into a unix timestamp');
  }
  const badRequest = requestFault(request);
  if (badRequest !== undefined) return badRequest;
  const headers = objectGet(request, 'headers') ?? makeObject([]);
  if (!isObject(headers)) return typeFault(0, headers, 'object');
  const wrong = REQUEST_REQUIRED.filter((key) => typeof objectGet(request, key) !== 'string');
  const invalid = setFault(1, 'invalid values for required request parameters(s)', wrong);
  if (invalid !== undefined) return invalid;
  const url = parseGoUrl(textAt(request, 'url'));
  if (isUrlFault(url)) return fault(url.problem);
  const unsigned = objectGet(config, 'disable_payload_signing') ?? false;
  if (typeof unsigned !== 'boolean') {
    return operandFault(2, "invalid value for 'disable_payload_signing' in AWS config");
  }
  const given = new Map(
    objectEntries(headers).map(([name, value]) => [
      typeof name === 'string' ? name : '',
      typeof value === 'string' ? value : '',
    ]),
  );
  const added = signature({
    method: textAt(request, 'method'),
    url,
    body: bodyText(request),
    headers: given,
    config,
    time: amazonTime(nanoseconds),
    isPayloadSigned: !unsigned,
  });
  return makeObject([...objectEntries(request), ['headers', makeObject([...given, ...added])]]);
}

/** Requests signed for AWS (Signature Version 4). Source: OPA's `topdown/providers.go`. */
export const AWS_SIGN: Family = {
  'providers.aws.sign_req': { call: signRequest, checked: 0 },
};
