import type { ObjectValue, Value } from '../value/index.ts';
import {
  bigIntOf,
  isNumber,
  isObject,
  makeObject,
  objectEntries,
  objectGet,
  RegoSet,
  toJson,
  typeName,
  valueText,
} from '../value/index.ts';
import { bytesOfText } from './bytes.ts';
import { parseDuration } from './go-duration.ts';
import { isUrlFault, parseGoUrl } from './go-url.ts';

/** Certificates, keys and checks of one request. What names a file or a variable is read by the host, or refused. */
export interface HttpTlsOptions {
  readonly useSystemCerts: boolean;
  readonly insecureSkipVerify: boolean;
  readonly serverName?: string;
  /** PEM. */
  readonly caCert?: string;
  readonly caCertFile?: string;
  readonly caCertEnvVariable?: string;
  readonly clientCert?: string;
  readonly clientCertFile?: string;
  readonly clientCertEnvVariable?: string;
  readonly clientKey?: string;
  readonly clientKeyFile?: string;
  readonly clientKeyEnvVariable?: string;
}

/** The request that an `http.send` asks for. */
export interface HttpSendRequest {
  readonly method: string;
  readonly url: string;
  /** As given; names in canonical form (`Content-Type`). */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly timeoutNs: bigint;
  readonly enableRedirect: boolean;
  readonly forceJsonDecode: boolean;
  readonly forceYamlDecode: boolean;
  readonly maxRetryAttempts: number;
  /** Whether the answer may come from, and go to, the cache between evaluations. */
  readonly useCache: boolean;
  /** Seconds that an answer is kept whatever its headers say; 0 where they decide. */
  readonly forceCacheSeconds: number;
  /** What one answer is kept under: the operand without the headers that the cache is to ignore. */
  readonly cacheKey: Value;
  readonly tls: HttpTlsOptions;
  /** The hosts that may be asked, redirects included; any where it is undefined. */
  readonly allowNet: readonly string[] | undefined;
}

/** Why an operand is no request, in OPA's words. */
export class HttpRequestFault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

const TIMEOUT_NS_DEFAULT = 5_000_000_000n;
const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2n ** 63n - 1n;

function refuse(message: string): never {
  throw new HttpRequestFault(message);
}

function booleanField(operand: ObjectValue, name: string): boolean {
  const value = objectGet(operand, name);
  if (value === undefined) return false;
  return typeof value === 'boolean' ? value : refuse(`invalid value for ${JSON.stringify(name)} field`);
}

/** A truth value the way Go's `strconv.ParseBool` reads the term's text. */
function parsedBoolean(value: Value): boolean {
  const text = valueText(value);
  if (['true', '1'].includes(text)) return true;
  if (['false', '0'].includes(text)) return false;
  return refuse(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function timeoutNs(value: Value): bigint {
  if (isNumber(value)) {
    const whole = bigIntOf(value);
    if (whole !== undefined && whole <= INT64_MAX && whole >= -INT64_MAX - 1n) return whole;
    return refuse(`invalid timeout number value ${valueText(value)}, must be int64`);
  }
  if (typeof value !== 'string') {
    return refuse(`operand 1 'timeout' must be one of {string, number} but got ${typeName(value)}`);
  }
  if (/^[+-]?\d{1,19}$/.test(value)) return BigInt(value.replace(/^\+/, ''));
  const duration = parseDuration(value);
  if (duration !== undefined) return duration;
  return refuse(`invalid timeout value ${valueText(value)}: time: invalid duration ${JSON.stringify(value)}`);
}

/** A header's name as Go writes it; one with characters that no name has stays as it is. */
function canonicalName(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return name;
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** What Go's `%q` makes of a value that is no string. */
function goQuoted(value: Value): string {
  if (isNumber(value)) return JSON.stringify(valueText(value));
  if (value === null) return '%!q(<nil>)';
  return typeof value === 'boolean' ? `%!q(bool=${value})` : toJson(value);
}

function headersOf(value: Value | undefined): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  if (!isObject(value)) return refuse('invalid type for headers key');
  const named = new Map<string, string>();
  for (const [key, header] of objectEntries(value)) {
    const name = canonicalName(typeof key === 'string' ? key : toJson(key));
    if (typeof header !== 'string') return refuse(`invalid type for headers value ${goQuoted(header)}`);
    named.set(name, header);
  }
  return [...named];
}

const STRING_FIELDS = [
  'method',
  'url',
  'raw_body',
  'tls_ca_cert',
  'tls_ca_cert_env_variable',
  'tls_ca_cert_file',
  'tls_client_cert',
  'tls_client_cert_env_variable',
  'tls_client_cert_file',
  'tls_client_key',
  'tls_client_key_env_variable',
  'tls_client_key_file',
  'tls_server_name',
] as const;
type StringField = (typeof STRING_FIELDS)[number];

const ALLOWED: ReadonlySet<Value> = new Set<Value>([
  ...STRING_FIELDS,
  'body',
  'cache',
  'cache_ignored_headers',
  'caching_mode',
  'enable_redirect',
  'force_cache',
  'force_cache_duration_seconds',
  'force_json_decode',
  'force_yaml_decode',
  'headers',
  'max_retry_attempts',
  'raise_error',
  'timeout',
  'tls_insecure_skip_verify',
  'tls_use_system_certs',
]);

/** What is wrong with the names in an operand. */
export function fieldsFault(operand: ObjectValue): string | undefined {
  const unknown = objectEntries(operand)
    .map(([name]) => name)
    .filter((name) => !ALLOWED.has(name));
  if (unknown.length > 0) return `invalid request parameters(s): ${valueText(RegoSet.from(unknown))}`;
  const missing = ['method', 'url'].filter((name) => objectGet(operand, name) === undefined);
  if (missing.length === 0) return undefined;
  return `missing required request parameters(s): ${valueText(RegoSet.from(missing))}`;
}

/** Whether failures of a call are failures of the builtin; a fault where that is not said in a usable way. */
export function raisesErrors(operand: ObjectValue): boolean | HttpRequestFault {
  const value = objectGet(operand, 'raise_error');
  if (value === undefined || typeof value === 'boolean') return value ?? true;
  return new HttpRequestFault('invalid value for raise_error field');
}

/** What an answer is kept under. */
function cacheKeyOf(operand: ObjectValue): Value {
  const ignored = objectGet(operand, 'cache_ignored_headers');
  const headers = objectGet(operand, 'headers');
  const fields = new Map<Value, Value>(objectEntries(operand));
  fields.set('cache_ignored_headers', null);
  if (ignored === undefined || headers === undefined) return makeObject([...fields]);
  const names = Array.isArray(ignored) ? (ignored as readonly Value[]) : undefined;
  if (names?.every((name) => typeof name === 'string') !== true) {
    return refuse('cache_ignored_headers must be an array of strings');
  }
  if (isObject(headers)) {
    fields.set(
      'headers',
      makeObject(objectEntries(headers).filter(([name]) => !(names as readonly Value[]).includes(name))),
    );
  }
  return makeObject([...fields]);
}

function cachingOf(operand: ObjectValue): Pick<HttpSendRequest, 'useCache' | 'forceCacheSeconds'> {
  const isUsable = isCachingMode(objectGet(operand, 'caching_mode'));
  const useCache = booleanField(operand, 'cache') && isUsable;
  if (!booleanField(operand, 'force_cache')) return { useCache, forceCacheSeconds: 0 };
  const seconds = objectGet(operand, 'force_cache_duration_seconds');
  if (seconds === undefined) {
    return refuse("'force_cache' set but 'force_cache_duration_seconds' parameter is missing");
  }
  const text = valueText(seconds);
  if (!/^-?\d+$/.test(text))
    return refuse(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (Math.abs(Number(text)) > INT32_MAX) {
    return refuse(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return { useCache: isUsable, forceCacheSeconds: Number(text) };
}

/** With a mode that OPA does not know nothing is kept, and it does not say so. */
function isCachingMode(mode: Value | undefined): boolean {
  return mode === undefined || mode === 'serialized' || mode === 'deserialized';
}

function retriesOf(operand: ObjectValue): number {
  const value = objectGet(operand, 'max_retry_attempts');
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  return refuse(`invalid value ${valueText(value)} for field "max_retry_attempts"`);
}

/** Whether a host may be reached under `allow_net`. Ports do not count, as in OPA. */
export function hostFault(host: string, allowNet: readonly string[] | undefined): string | undefined {
  return allowNet === undefined || allowNet.includes(host) ? undefined : `disallowed host: ${host}`;
}

/** As {@link hostFault}, for the host of a URL. */
export function urlFault(url: string, allowNet: readonly string[] | undefined): string | undefined {
  if (allowNet === undefined) return undefined;
  const parsed = parseGoUrl(url);
  if (isUrlFault(parsed)) return `parse ${JSON.stringify(url)}: ${parsed.problem}`;
  return hostFault(parsed.host.split(':')[0]!, allowNet);
}

/** Every field in the order in which OPA looks at them: that of their names. */
function readFields(operand: ObjectValue, allowNet: readonly string[] | undefined) {
  const texts: Partial<Record<StringField, string>> = {};
  const flags = { enable_redirect: false, tls_insecure_skip_verify: false, tls_use_system_certs: false };
  let timeout = TIMEOUT_NS_DEFAULT;
  let body: Uint8Array | undefined;
  for (const [key, value] of objectEntries(operand)) {
    const name = key as string;
    if ((STRING_FIELDS as readonly string[]).includes(name)) {
      if (typeof value !== 'string') return refuse(`${JSON.stringify(name)} must be a string`);
      texts[name as StringField] = value.replace(/^"+|"+$/g, '');
      const fault = name === 'url' ? urlFault(texts.url!, allowNet) : undefined;
      if (fault !== undefined) refuse(fault);
    } else if (name in flags) flags[name as keyof typeof flags] = parsedBoolean(value);
    else if (name === 'timeout') timeout = timeoutNs(value);
    else if (name === 'body') body = bytesOfText(toJson(value, { escapeHtml: true }));
  }
  if (texts.raw_body !== undefined) body = bytesOfText(texts.raw_body);
  return { texts, flags, timeout, body: body ?? new Uint8Array() };
}

function tlsOf(
  texts: Partial<Record<StringField, string>>,
  flags: { [name: string]: boolean },
): HttpTlsOptions {
  const fields = {
    serverName: texts.tls_server_name,
    caCert: texts.tls_ca_cert?.replaceAll('\\n', '\n'),
    caCertFile: texts.tls_ca_cert_file,
    caCertEnvVariable: texts.tls_ca_cert_env_variable,
    clientCert: texts.tls_client_cert,
    clientCertFile: texts.tls_client_cert_file,
    clientCertEnvVariable: texts.tls_client_cert_env_variable,
    clientKey: texts.tls_client_key,
    clientKeyFile: texts.tls_client_key_file,
    clientKeyEnvVariable: texts.tls_client_key_env_variable,
  };
  const given = Object.entries(fields).filter(([, text]) => text !== undefined && text !== '');
  return {
    useSystemCerts: flags['tls_use_system_certs']!,
    insecureSkipVerify: flags['tls_insecure_skip_verify']!,
    ...(Object.fromEntries(given) as Partial<HttpTlsOptions>),
  };
}

/** Reads the operand of `http.send`, whose names are checked. */
export function readHttpRequest(
  operand: ObjectValue,
  allowNet: readonly string[] | undefined,
): HttpSendRequest | HttpRequestFault {
  try {
    const cacheKey = cacheKeyOf(operand);
    const caching = cachingOf(operand);
    const forceJsonDecode = booleanField(operand, 'force_json_decode');
    const forceYamlDecode = booleanField(operand, 'force_yaml_decode');
    const { texts, flags, timeout, body } = readFields(operand, allowNet);
    return {
      method: texts.method!.toUpperCase() || 'GET',
      url: texts.url!,
      headers: headersOf(objectGet(operand, 'headers')),
      body,
      timeoutNs: timeout,
      enableRedirect: flags.enable_redirect,
      forceJsonDecode,
      forceYamlDecode,
      maxRetryAttempts: retriesOf(operand),
      ...caching,
      cacheKey,
      tls: tlsOf(texts, flags),
      allowNet,
    };
  } catch (caught) {
    if (caught instanceof HttpRequestFault) return caught;
    throw caught;
  }
}
