import { matchesGlob } from 'node:path/posix';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import type { BundleFile } from '../files.ts';
import type { BundleProblem } from '../problem.ts';
import { HASH_ALGORITHM, hashFile, type SignedFile } from './file-hash.ts';
import { verificationKey } from './key-objects.ts';
import { tokenSigner } from './token-signer.ts';
import type {
  CheckedSignature,
  ExternalSigner,
  RequiredSignature,
  SigningAlgorithm,
  VerificationKey,
} from './verification.ts';

/** OPA's signatures stand in this file, at the bundle's top. */
export const SIGNATURES_FILE = '.signatures.json';

const signaturesSchema = z.looseObject({ signatures: z.array(z.string()), plugin: z.string().optional() });
/** How OPA calls its own way to sign. */
const OWN_PLUGINS = new Set(['', '_default']);

const payloadSchema = z.looseObject({
  files: z.array(z.object({ name: z.string(), hash: z.string(), algorithm: z.string() })),
  scope: z.string().optional(),
  keyid: z.string().optional(),
});
type Payload = z.infer<typeof payloadSchema>;

export type SignatureResult =
  | { readonly ok: true; readonly signature: CheckedSignature }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/**
 * Checks OPA's signature of a bundle (OPA 1.22, `v1/bundle/verify.go`): one JSON Web Token, signed by a known key with
 * that key's algorithm, whose list of files is exactly the bundle's, each with its digest. Every file that does not fit
 * is named.
 */
export async function checkBundleSignature(
  files: readonly BundleFile[],
  required: RequiredSignature,
): Promise<SignatureResult> {
  const token = readToken(files);
  if (typeof token !== 'string') return failed(token);
  const read = await readPayload(token, required);
  if ('problem' in read) return failed(read.problem);
  const problems = compareFiles(files, read.payload.files, required);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, signature: { name: required.name, form: 'bundle', keyId: read.keyId } };
}

function failed(problem: BundleProblem): SignatureResult {
  return { ok: false, problems: [problem] };
}

function invalid(message: string, file: string = SIGNATURES_FILE): BundleProblem {
  return { code: 'bundle_signature_invalid', message, file };
}

function readToken(files: readonly BundleFile[]): string | BundleProblem {
  const found = files.filter(({ path }) => isSignaturesFile(path));
  if (found.length === 0) {
    return {
      code: 'bundle_signature_missing',
      message: `the bundle must be signed and has no \`${SIGNATURES_FILE}\``,
      help: 'sign it: `writ sign --bundle DIR --signing-key KEY.pem`',
    };
  }
  if (found.length > 1) return invalid('the bundle has more than one file of signatures', found[1]!.path);
  const file = found[0]!;
  try {
    const parsed = signaturesSchema.parse(JSON.parse(new TextDecoder().decode(file.bytes)));
    if (!OWN_PLUGINS.has(parsed.plugin ?? ''))
      return invalid(`signatures of the plugin \`${parsed.plugin}\` cannot be checked here`);
    if (parsed.signatures.length !== 1)
      return invalid(`there must be exactly one signature, not ${parsed.signatures.length}`);
    return parsed.signatures[0]!;
  } catch {
    return invalid('it must hold an object with the list `signatures`');
  }
}

export function isSignaturesFile(path: string): boolean {
  return path === SIGNATURES_FILE || path.endsWith(`/${SIGNATURES_FILE}`);
}

type PayloadResult =
  | { readonly payload: Payload; readonly keyId: string }
  | { readonly problem: BundleProblem };

async function readPayload(token: string, required: RequiredSignature): Promise<PayloadResult> {
  const claimed = claimedKeyId(token);
  if (claimed === undefined) return { problem: invalid('the signature is no JSON Web Token') };
  const keyId = required.keyId ?? claimed;
  if (keyId === '') return { problem: invalid('the signature names no key (`kid`), and none is configured') };
  const key = Object.hasOwn(required.keys, keyId) ? required.keys[keyId] : undefined;
  if (key === undefined) {
    const known = Object.keys(required.keys).join(', ');
    return { problem: { ...invalid(`no key \`${keyId}\` is configured`), help: `configured: ${known}` } };
  }
  const verified = await verifyToken(token, key);
  if ('refused' in verified) return { problem: invalid(`${verified.refused} (key \`${keyId}\`)`) };
  const scope = required.scope ?? key.scope ?? '';
  const { payload } = verified;
  if ((payload.scope ?? '') !== scope)
    return { problem: invalid(`its scope is \`${payload.scope ?? ''}\`, not \`${scope}\``) };
  return { payload, keyId };
}

/** The key that the token says it was made with: in its header, or, as OPA once did, in its payload. */
function claimedKeyId(token: string): string | undefined {
  try {
    const header = decodeProtectedHeader(token);
    if (typeof header.kid === 'string' && header.kid !== '') return header.kid;
    const middle = token.split('.')[1] ?? '';
    return payloadSchema.parse(JSON.parse(Buffer.from(middle, 'base64url').toString('utf8'))).keyid ?? '';
  } catch {
    return undefined;
  }
}

async function verifyToken(
  token: string,
  key: VerificationKey,
): Promise<{ readonly payload: Payload } | { readonly refused: string }> {
  const algorithm = key.algorithm ?? 'RS256';
  const read = verificationKey(key.key, algorithm);
  if ('refused' in read) return { refused: `the configured key cannot be used: ${read.refused}` };
  try {
    const { payload } = await compactVerify(token, read.key, { algorithms: [algorithm] });
    return { payload: payloadSchema.parse(JSON.parse(new TextDecoder().decode(payload))) };
  } catch {
    return { refused: `the signature is not one by ${algorithm} and this key` };
  }
}

/** Both lists must be equal, name by name and digest by digest. */
function compareFiles(
  files: readonly BundleFile[],
  signed: readonly SignedFile[],
  required: RequiredSignature,
): BundleProblem[] {
  const problems: BundleProblem[] = [];
  const wanted = new Map(signed.map((file) => [file.name.replace(/^\/+/, ''), file]));
  if (wanted.size !== signed.length) problems.push(invalid('a file is listed twice in the signature'));
  for (const { path, bytes } of files) {
    if (isSignaturesFile(path)) continue;
    const entry = wanted.get(path);
    wanted.delete(path);
    if (isExcluded(path, required)) continue;
    if (entry === undefined) problems.push(invalid('the file is not covered by the signature', path));
    else if (hashFile(path, bytes, entry.algorithm) !== entry.hash.toLowerCase())
      problems.push(invalid('the file is not the one that was signed', path));
  }
  for (const name of wanted.keys())
    if (!isExcluded(name, required)) problems.push(invalid('the file was signed and is missing', name));
  return problems;
}

function isExcluded(path: string, required: RequiredSignature): boolean {
  return (required.excludeFiles ?? []).some((glob) => matchesGlob(path, glob.replace(/^\/+/, '')));
}

/** How a bundle is to be signed. */
export interface SigningOptions {
  /** A private key as PEM (PKCS #8, PKCS #1 or SEC 1), the secret of an `HS…` algorithm, or who holds the key. */
  readonly key: string | ExternalSigner;
  /** `RS256` by default, as OPA has it. */
  readonly algorithm?: SigningAlgorithm;
  /** Which key that is; in the token's header, and in its payload as older OPAs read it. */
  readonly keyId?: string;
  readonly scope?: string;
  /** Further claims of the payload (`--claims-file`). */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export type SigningResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/** The text of a `.signatures.json` for these files, as `opa sign` makes it. */
export async function signBundle(
  files: readonly BundleFile[],
  options: SigningOptions,
): Promise<SigningResult> {
  const algorithm = options.algorithm ?? 'RS256';
  const signed = tokenSigner(options.key, algorithm);
  if ('refused' in signed)
    return { ok: false, problems: [{ code: 'signing_key_invalid', message: signed.refused }] };
  const listed: SignedFile[] = [];
  for (const { path, bytes } of files) {
    if (isSignaturesFile(path)) continue;
    const hash = hashFile(path, bytes);
    if (hash === undefined)
      return { ok: false, problems: [{ code: 'data_invalid', message: 'cannot be hashed', file: path }] };
    listed.push({ name: path, hash, algorithm: HASH_ALGORITHM });
  }
  const payload = {
    files: listed,
    ...(options.keyId === undefined ? {} : { keyid: options.keyId }),
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...options.claims,
  };
  const header = {
    alg: algorithm,
    ...(options.keyId === undefined ? {} : { kid: options.keyId }),
    typ: 'JWT',
  };
  const token = await signed.sign(header, new TextEncoder().encode(JSON.stringify(payload)));
  return { ok: true, text: `${JSON.stringify({ signatures: [token] }, null, 2)}\n` };
}
